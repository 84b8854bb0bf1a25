// early_start: all calls are started, work of our own is done meanwhile, and only then are they waited for.
// Ideal: the longest delay, or the work where that takes longer.
#include <fmt/format.h>

#include "bench/specification/checks.hpp"
#include "bench/specification/kernel_result.hpp"
#include "bench/specification/keys.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {
namespace {

Nanoseconds ideal(const Case& c, const Delays& delay) { return std::max(ideal_at_once(c, delay), c.work); }
Nanoseconds least(const Case& c) { return std::max(longest_delay(c), calibrated_at_least(c.work)); }

/// No more than that, as half of the calls are enough, and what holds up the model holds up the work.
Nanoseconds time_to_start(const Case& c) { return time_to_begin(c.scenario.calls, begins_warm_in(c)); }

Mistake refuse(const Case& c) {
  if (c.scenario.calls > 0 && calibrated_at_least(c.work) < time_to_start(c)) {
    return fmt::format(
        "the work takes {}, at least {} are needed to tell that {} calls were started before it: "
        "choose more work or fewer calls",
        format_duration(c.work), format_duration(time_to_start(c) * 4 / 3), c.scenario.calls);
  }
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (delay(c, id) >= time_to_start(c)) continue;
    return fmt::format(
        "call {} takes {}, at least {} are needed to tell that it was not waited for before the "
        "work: choose longer delays",
        id, format_duration(delay(c, id)), format_duration(time_to_start(c)));
  }
  return std::nullopt;
}

/// Of the calls that can be under way at once, at least half have to reach the server before the work ends.
/// On a busy machine some may be late: that is a result.
Mistake check_starts(const Outcome& outcome, const EventRecord& worked, const Ledger& ledger,
                     std::uint32_t at_once) {
  const auto late = std::ranges::count_if(
      ledger.calls, [&](const LedgerCall& call) { return outcome.surely_after(call.arrived, worked.at); });
  const auto early = static_cast<std::int64_t>(ledger.calls.size()) - late;
  if (2 * early >= at_once) return std::nullopt;
  return fmt::format(
      "{} calls reached the server before the work was done, expected at least half of {}: they were not "
      "started "
      "before it",
      early, at_once);
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  if (auto mistake = check_each_once(c, outcome, ledger)) return mistake;
  if (c.scenario.calls == 0) return std::nullopt;
  if (outcome.events.size() != 2) {
    return fmt::format("the work was recorded with {} events, expected its beginning and its end",
                       outcome.events.size());
  }
  const EventRecord &began = outcome.events[0], &worked = outcome.events[1];
  const std::uint64_t result = kernel_result(c.scenario.seed, c.scenario.kernel_steps);
  if (worked.value != result) {
    return fmt::format("the work has result {:016x}, expected {:016x}: it was not done right", worked.value,
                       result);
  }
  const auto first = std::ranges::min_element(ledger.calls, {}, &LedgerCall::due);
  if (outcome.surely_before(first->due, began.at)) {
    return fmt::format(
        "the work was begun {} after the first reply was due: were the calls waited for first?",
        format_duration(outcome.at(began.at) - first->due));
  }
  return check_starts(outcome, worked, ledger, at_once);
}

/// The calls, who works, and who waits.
std::uint32_t tasks(const Case& c) { return c.scenario.calls + 2; }

}  // namespace

Specification early_start() {
  return {
      .workload = "early_start",
      .in_short = "calls are started, work is done, then they are awaited",
      .sentence =
          "All calls are started at once, work of the caller's own is done meanwhile, and only then are they "
          "waited for (start, work, then await). Ideal: the longest delay, or the work where that takes "
          "longer.",
      .keys = {work_key({.name = "work",
                         .meaning = "what the caller computes meanwhile",
                         .example = "work = \"60ms\"",
                         .needed = "the caller's own work, a duration",
                         .phrase = "{} of work meanwhile"})},
      .example = R"(
calls = 8
latency = "uniform:min=60ms,max=100ms"
work = "60ms"
)",
      .simulate = ideal,
      .bound = least,
      .in_flight = all_calls,
      .refuse = refuse,
      .check = check,
      .tasks = tasks,
      .works_once = true,
      .refuses_slots = {},
      .dealing = {.refused = "one caller computes meanwhile"},
  };
}

}  // namespace fanbench::workloads
