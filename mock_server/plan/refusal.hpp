// How text that is not a plan, delay or duration is refused: with one line that says what came and what was
// expected.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace fanbench {

/// Text that is not a plan, delay or duration. what() is one line: what came and what was expected.
struct PlanError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// What came, fit for one line: in quotes, printable ASCII only, and not longer than a line.
std::string quote(std::string_view text);

/// Throws PlanError.
[[noreturn]] void refuse(std::string_view came, std::string_view expected);

/// Runs `read`, and puts the key's name before what it complains about.
template <class Read>
auto in_key(std::string_view key, Read read) {
  try {
    return read();
  } catch (const PlanError& error) {
    throw PlanError(fmt::format("{}: {}", key, error.what()));
  }
}

}  // namespace fanbench
