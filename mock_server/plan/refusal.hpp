// How text that is not a plan, delay or duration is refused: with one line that says what is wrong with it
// and what was expected.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace fanbench {

/// Text that is not a plan, delay or duration. what() is one line: what came and what was expected.
struct PlanError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// What came, as printable() shows it, in quotes.
std::string quote(std::string_view text);

/// How many bytes have to be changed, added or left out to make `a` of `b` (Levenshtein). Takes O(a·b).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Throws PlanError.
[[noreturn]] void refuse(std::string_view came, std::string_view expected);
/// Throws PlanError for text that was nearly right: what is wrong with it, and a form that would be right.
[[noreturn]] void suggest(std::string_view wrong, std::string_view form);

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
