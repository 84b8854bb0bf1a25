// Durations as people write them: "200ms".
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace fanbench {

using Nanoseconds = std::chrono::nanoseconds;

/// Reads "200ms", "1.5s", "250us", "10ns" or "0": at most max_duration. Throws PlanError, with the nearest of
/// such forms: "5": a duration needs a unit: 5ms.
Nanoseconds parse_duration(std::string_view text);
/// The shortest text that parse_duration reads back as the same value: "200ms", "1.5s", "0ms".
std::string format_duration(Nanoseconds value);
inline constexpr Nanoseconds max_duration = std::chrono::hours(1);

}  // namespace fanbench
