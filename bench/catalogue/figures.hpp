// The catalogue of figures: every number that a row has, what it is called and what it means.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fanbench {

enum class Better : std::uint8_t { neither, less, more };

struct Figure {
  std::string_view name;  // the row's field
  std::string_view unit, label;
  std::string_view help;
  Better better = Better::neither;
  double least = 0;            // above 0: the gate judges it, and relates changes to no less than this
  double least_change = 0.05;  // a share: the gate does not speak of smaller changes
  bool counting = false;       // measured in runs of their own, whose times mean nothing
  bool derived = false;        // computed by who reads rows: no row has it
};

/// In the order in which tables show them.
std::span<const Figure> figures();
/// Throws std::logic_error where there is none of this name: a row would have a number that nobody explains.
const Figure& figure(std::string_view name);

}  // namespace fanbench
