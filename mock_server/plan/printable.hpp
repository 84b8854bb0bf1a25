// Text that came from outside, as it may be shown.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fanbench {

/// Fit for a line of UTF-8 that a terminal may show: characters as they came, but \n, \x1b or \u202e for
/// those that control something, and \xff for bytes that are no UTF-8. Beyond so many bytes it ends with "…".
std::string printable(std::string_view text, std::size_t longest = 60);

}  // namespace fanbench
