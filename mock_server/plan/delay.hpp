// Delays: the distributions, the grammar they are written in, and draws from them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "mock_server/plan/duration.hpp"

namespace fanbench {

struct FixedDelay {
  Nanoseconds value{};
};
struct UniformDelay {
  Nanoseconds min{}, max{};
};
/// Normal with this mean and standard deviation, under the condition that it is not negative.
struct NormalDelay {
  Nanoseconds mean{}, sd{};
};
/// Lognormal, given by its median and its 99th percentile.
struct LognormalDelay {
  Nanoseconds p50{}, p99{};
};
/// Exponential above a least value, given by its median and its 99th percentile, at most log₂ 100 = 6.64
/// times as long.
struct ExponentialDelay {
  Nanoseconds p50{}, p99{};
};
/// Pareto (type I), given by its median and its 99th percentile.
struct ParetoDelay {
  Nanoseconds p50{}, p99{};
};
/// `slow` with probability slow_share in [0, 1], else `fast`.
struct BimodalDelay {
  Nanoseconds fast{}, slow{};
  double slow_share = 0;
};
/// Measured percentiles, joined by straight lines; below the first and above the last the delay is theirs.
struct PercentilesDelay {
  std::vector<std::pair<double, Nanoseconds>>
      points;  // percent in [0, 100], rising; delays never falling; not empty
};
/// Measured delays, each as likely as the others.
struct SamplesDelay {
  std::vector<Nanoseconds> values;  // not empty
};
using Delay = std::variant<FixedDelay, UniformDelay, LognormalDelay, BimodalDelay, NormalDelay,
                           ExponentialDelay, ParetoDelay, PercentilesDelay, SamplesDelay>;

/// One grammar for plans, suites and /delay/ URLs; README.md has it in full. Throws PlanError, with
/// the nearest of these forms.
///   200ms | uniform:min=10ms,max=50ms | normal:mean=200ms,sd=20ms | lognormal:p50=20ms,p99=200ms |
///   exponential:p50=20ms[,p99=100ms] | pareto:p50=20ms,p99=200ms |
///   bimodal:fast=20ms,slow=200ms,slow_share=0.05 | percentiles:p50=20ms,p99=200ms,… | samples:12ms,15ms,…
Delay parse_delay(std::string_view text);
/// The canonical text, which parse_delay reads back as the same delay.
std::string format_delay(const Delay& delay);
/// Bytes of a delay read from a file: a plan goes to the server as one request, of 1 MiB at most.
inline constexpr std::size_t max_delay_text = 1'000'000;

/// What a file of measured latencies says: samples if its lines are durations, percentiles if they are
/// p<percent>= <duration>. Empty lines and those that begin with # are skipped. Throws PlanError, also
/// where its canonical text is longer than max_delay_text.
Delay parse_delay_lines(std::string_view text);

/// The delay that 64 random bits stand for: whole microseconds, at most max_duration.
Nanoseconds draw_delay(const Delay& delay, std::uint64_t bits);

}  // namespace fanbench
