// shield: at a time everything is cancelled, but the critical calls run to their ends. Ideal: the longest
// delay of the critical calls, or the end of the others, which is that time at most.
#include <fmt/format.h>

#include "bench/specification/checks.hpp"
#include "bench/specification/deadlines.hpp"

namespace fanbench::workloads {
namespace {

bool is_cancelled(const Case& c, CallId id) {
  return !is_critical(c.scenario, id) && delay(c, id) > c.scenario.deadline;
}
bool outlasts(const Case& c, CallId id) {
  return is_critical(c.scenario, id) && delay(c, id) > c.scenario.deadline;
}
/// The same for all.
Nanoseconds deadline_of(const Case& c, const CallRecord&) { return c.scenario.deadline; }

constexpr GivingUp giving_up{is_cancelled, deadline_of, Verdict::cancelled, "was cancelled"};

Nanoseconds ideal(const Case& c, const Delays& delay) {
  Nanoseconds end{};
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    end = std::max(end, is_critical(c.scenario, id) ? delay(id) : std::min(delay(id), c.scenario.deadline));
  }
  return end;
}

Mistake refuse(const Case& c) {
  std::uint32_t shielded = 0;
  Nanoseconds last{};  // of those that are cancelled
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (auto mistake = refuse_near(c, id, c.scenario.deadline)) return mistake;
    shielded += outlasts(c, id);
    if (is_cancelled(c, id)) last = std::max(last, delay(c, id));
  }
  if (c.scenario.calls > 0 && (shielded == 0 || late_calls(c, giving_up) == 0)) {
    return fmt::format(
        "{} calls are cancelled and {} critical ones outlast that, expected one of each to tell that the "
        "shield holds: choose more calls, longer delays, or another seed",
        late_calls(c, giving_up), shielded);
  }
  return c.scenario.calls > 0 ? refuse_unseen_cancellation(c, c.scenario.deadline, last) : std::nullopt;
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (is_critical(c.scenario, id) && outcome.records[id].verdict == Verdict::cancelled)
      return fmt::format("call {} was cancelled, but is critical", id);
  }
  return check_given_up(c, giving_up, outcome, ledger, at_once);
}

std::vector<Moment> moments(const Case& c, const Outcome&) { return {{"cancellation", c.scenario.deadline}}; }

}  // namespace

Specification shield() {
  return {
      .workload = "shield",
      .in_short = "all is cancelled but what is critical",
      .sentence =
          "All calls are started at once, and at a time all of them are cancelled but the critical ones, "
          "which run to their ends (asyncio.shield). Ideal: the longest delay of the critical calls, at "
          "least the end of the others, which is that time at most.",
      .keys = {duration_key(
                   {.name = "cancel_after",
                    .meaning = "when all calls that are not critical are cancelled, from the run's start",
                    .example = "cancel_after = \"100ms\"",
                    .needed = "a duration",
                    .phrase = "cancelled after {}"},
                   &Scenario::deadline),
               number_key({.name = "critical_every",
                           .meaning = "which calls are critical: of so many the first",
                           .example = "critical_every = 4",
                           .otherwise = "4",
                           .phrase = "1 call in {} critical"},
                          &Scenario::critical_every, 2, million)},
      .example = R"(
calls = 8
latency = "uniform:min=10ms,max=300ms"
cancel_after = "120ms"
critical_every = 3
)",
      .simulate = ideal,
      .in_flight = all_calls,
      .refuse = refuse,
      .check = check,
      .gives_up = true,
      .moments = moments,
      .refuses_slots = "which calls end in time would depend on who waits for whom",
      .dealing = {.refused = "one cancellation decides what becomes of all calls"},
  };
}

}  // namespace fanbench::workloads
