// Compares the figures of a row with each other.
#include "bench/measure/plausibility.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

namespace fanbench {
namespace {

using namespace std::string_view_literals;

/// Sums and differences of doubles.
constexpr double rounding = 1.000001;

/// Luck with the order of the calls and an error of calibration make for a makespan under the ideal, and a
/// reply may reach the client before the server notes its end: see Parts.
constexpr std::array may_be_negative = {"overhead_us_per_call"sv, "client_overhead_us_per_call"sv,
                                        "server_overhead_us_per_call"sv};

/// The parts of the overhead have to add up to it.
Mistake find_wrong_parts(const std::map<std::string, double>& row) {
  const auto whole = row.find("overhead_us_per_call"), client = row.find("client_overhead_us_per_call"),
             server = row.find("server_overhead_us_per_call");
  if (whole == row.end() || client == row.end() || server == row.end()) return std::nullopt;
  const double size = std::abs(whole->second) + std::abs(client->second) + std::abs(server->second);
  if (std::abs(client->second + server->second - whole->second) <= (rounding - 1) * size) return std::nullopt;
  return fmt::format("an overhead of {:.1f} µs per call has parts of {:.1f} and {:.1f}: impossible",
                     whole->second, client->second, server->second);
}

}  // namespace

Mistake find_impossible(const std::map<std::string, double>& row) {
  for (const auto& [name, value] : row) {
    if (!std::isfinite(value) || (value < 0 && std::ranges::count(may_be_negative, name) == 0))
      return fmt::format("{} is {}: impossible", name, value);
  }
  // Each is never above the next, where a row has both.
  static constexpr std::pair<std::string_view, std::string_view> never_above[] = {
      {"latency_p50_us", "latency_p90_us"},
      {"latency_p90_us", "latency_p99_us"},
      {"latency_p50_us", "latency_max_us"},
      {"latency_p90_us", "latency_max_us"},
      {"latency_p99_us", "latency_max_us"},
      {"latency_mean_us", "latency_max_us"},
      {"from_start_p50_us", "from_start_max_us"},
      {"from_start_p90_us", "from_start_max_us"},
      {"from_start_p50_us", "from_start_p90_us"},
      {"from_start_p90_us", "from_start_p99_us"},
      {"from_start_p99_us", "from_start_max_us"},
      {"from_start_p50_us", "latency_p50_us"},
      {"from_start_p90_us", "latency_p90_us"},
      {"from_start_p99_us", "latency_p99_us"},
      {"from_start_max_us", "latency_max_us"},
      {"late_start_p50_us", "late_start_p99_us"},
      {"late_start_p99_us", "latency_max_us"},
      {"loop_lag_p50_us", "loop_lag_p99_us"},
      {"loop_lag_p99_us", "loop_lag_max_us"},
      {"server_wait_p50_us", "server_wait_p99_us"},
      {"server_wait_p99_us", "from_start_max_us"},
      {"delivery_p50_us", "delivery_p99_us"},
      {"latency_p99_us", "latency_p999_us"},
      {"latency_p999_us", "latency_max_us"},
      {"page_p50_us", "page_p99_us"},
      {"page_p99_us", "page_p999_us"}};
  for (const auto& [less, more] : never_above) {
    const auto a = row.find(std::string(less)), b = row.find(std::string(more));
    if (a == row.end() || b == row.end() || a->second <= b->second * rounding) continue;
    return fmt::format("{} is {:.1f}, above {} of {:.1f}: impossible", less, a->second, more, b->second);
  }
  return find_wrong_parts(row);
}

}  // namespace fanbench
