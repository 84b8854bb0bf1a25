// Compares the figures of a row with each other.
#include "bench/measure/plausibility.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace fanbench {
namespace {

/// Sums and differences of doubles.
constexpr double rounding = 1.000001;

}  // namespace

Mistake find_impossible(const std::map<std::string, double>& row) {
  for (const auto& [name, value] : row) {
    // A model that takes calls out of order may by luck come out under its ideal: see efficiency.
    const bool may_be_negative = name == "overhead_us_per_call";
    if (!std::isfinite(value) || (value < 0 && !may_be_negative))
      return fmt::format("{} is {}: impossible", name, value);
  }
  using Pair = std::pair<std::string_view, std::string_view>;
  static constexpr std::array never_above = {
      Pair{"latency_p50_us", "latency_p90_us"},       Pair{"latency_p90_us", "latency_p99_us"},
      Pair{"latency_p50_us", "latency_max_us"},       Pair{"latency_p90_us", "latency_max_us"},
      Pair{"latency_p99_us", "latency_max_us"},       Pair{"latency_mean_us", "latency_max_us"},
      Pair{"from_start_p50_us", "from_start_max_us"}, Pair{"from_start_p90_us", "from_start_max_us"},
      Pair{"from_start_p50_us", "from_start_p90_us"}, Pair{"from_start_p90_us", "from_start_p99_us"},
      Pair{"from_start_p99_us", "from_start_max_us"}, Pair{"from_start_p50_us", "latency_p50_us"},
      Pair{"from_start_p90_us", "latency_p90_us"},    Pair{"from_start_p99_us", "latency_p99_us"},
      Pair{"from_start_max_us", "latency_max_us"},    Pair{"late_start_p50_us", "late_start_p99_us"},
      Pair{"late_start_p99_us", "latency_max_us"},    Pair{"loop_lag_p50_us", "loop_lag_p99_us"},
      Pair{"loop_lag_p99_us", "loop_lag_max_us"}};
  for (const auto& [less, more] : never_above) {
    const auto a = row.find(std::string(less)), b = row.find(std::string(more));
    if (a == row.end() || b == row.end() || a->second <= b->second * rounding) continue;
    return fmt::format("{} is {:.1f}, above {} of {:.1f}: impossible", less, a->second, more, b->second);
  }
  return std::nullopt;
}

}  // namespace fanbench
