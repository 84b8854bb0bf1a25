// bridge: ordinary threads hand calls to a running loop, pool or process, one after another, and block for
// each result. Ideal: the longest of the callers' sums of delays.
#include <fmt/format.h>

#include "bench/specification/checks.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {
namespace {

std::uint32_t callers(const Case& c) { return std::min(c.scenario.callers, c.scenario.calls); }
std::uint32_t calls_of_each(const Case& c) { return std::max(1U, c.scenario.calls / c.scenario.callers); }

/// A caller's calls are a chain: each brings the answer to the one before, so whoever got another's result,
/// or none yet, is found out by the server.
void settle(Case& c) { c.plan.chain = calls_of_each(c); }

Nanoseconds ideal(const Case& c, const Delays& delay) { return ideal_of_chains(c, delay, calls_of_each(c)); }

Mistake refuse(const Case& c) {
  if (c.scenario.calls > 0 && c.scenario.calls % callers(c) != 0) {
    return fmt::format("{} calls cannot be shared out evenly among {} callers: choose a multiple",
                       c.scenario.calls, callers(c));
  }
  return refuse_broken_chains(c, calls_of_each(c));
}

}  // namespace

Specification bridge() {
  return {
      .workload = "bridge",
      .in_short = "threads hand calls over and block for the results",
      .sentence =
          "Ordinary threads hand calls to a running loop, pool or worker process, each one after another, "
          "and block for the result (run_coroutine_threadsafe, submit().result()). Ideal: the longest of the "
          "callers' sums of delays.",
      .keys = {number_key({.name = "callers",
                           .meaning = "threads that ask; each has `calls / callers` calls in a row",
                           .example = "callers = [1, 8]",
                           .needed = "how many threads ask",
                           .phrase = "{} callers",
                           .phrases = {{"1", "one caller"}}},
                          &Scenario::callers, 1, 10'000)},
      .example = R"(
calls = 8
latency = "uniform:min=10ms,max=50ms"
callers = 4
)",
      .settle = settle,
      .simulate = ideal,
      .in_flight = callers,
      .refuse = refuse,
      .check = check_each_once,
      .tasks = callers,
      .callers = callers,
      .refuses_slots = {},
      .dealing = {.together = calls_of_each, .shared = {{"callers", &Scenario::callers}}},
  };
}

}  // namespace fanbench::workloads
