// timeout: calls have a deadline, each its own or all the same, and the late are given up. Ideal: the longest
// delay, but at most the deadline.
#include "bench/specification/checks.hpp"
#include "bench/specification/deadlines.hpp"

namespace fanbench::workloads {
namespace {

bool is_late(const Case& c, CallId id) { return delay(c, id) > c.scenario.deadline; }

Nanoseconds deadline_of(const Case& c, const CallRecord& record) {
  return c.scenario.deadline + (c.scenario.scope == Scope::call ? record.started : Nanoseconds::zero());
}

constexpr GivingUp giving_up{is_late, deadline_of, Verdict::timed_out, "timed out"};

Nanoseconds ideal(const Case& c, const Delays& delay) {
  return std::min(longest_delay(c, delay), c.scenario.deadline);
}

Mistake refuse(const Case& c) {
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (auto mistake = refuse_near(c, id, c.scenario.deadline)) return mistake;
  }
  return late_calls(c, giving_up) > 0 ? refuse_unseen_cancellation(c, c.scenario.deadline) : std::nullopt;
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  return check_given_up(c, giving_up, outcome, ledger, at_once);
}

std::optional<Nanoseconds> decided(const Case& c, const Outcome& outcome) {
  return last_deadline(c, giving_up, outcome);
}

Nanoseconds one_by_one(const Case& c) {
  Nanoseconds sum{};
  for (CallId id = 0; id < c.scenario.calls; ++id) sum += std::min(delay(c, id), c.scenario.deadline);
  return sum;
}

std::vector<Moment> moments(const Case& c, const Outcome&) {
  if (c.scenario.scope == Scope::call) return {};  // each has its own
  return {{"deadline", c.scenario.deadline}};
}

}  // namespace

Specification timeout() {
  return {
      .workload = "timeout",
      .in_short = "calls that are late are given up",
      .sentence =
          "All calls are started at once, and those that have no reply at their deadline are given up; "
          "each has a deadline of its own, or all have the same (wait_for, asyncio.timeout). Ideal: the "
          "longest delay, but at most the deadline.",
      .keys = {duration_key({.name = "deadline",
                             .meaning = "after which a call is given up",
                             .example = "deadline = \"100ms\"",
                             .needed = "a duration",
                             .phrase = "deadline {}",
                             .elsewhere = {"timeout"}},
                            &Scenario::deadline),
               word_key(
                   {.name = "scope",
                    .meaning = "whose deadline: each call's from its start, or that of all from the run's",
                    .example = "scope = [\"call\", \"group\"]",
                    .otherwise = "\"call\"",
                    .phrase = "scope {}",
                    .phrases = {{"call", "for each call"}, {"group", "for the group"}}},
                   {"call", "group"}, &Scenario::scope)},
      .example = R"(
calls = 8
latency = "uniform:min=10ms,max=300ms"
deadline = "120ms"
)",
      .simulate = ideal,
      .in_flight = all_calls,
      .refuse = refuse,
      .check = check,
      .gives_up = true,
      .decided = decided,
      .moments = moments,
      .refuses_slots = "which calls are late would depend on who waits for whom",
      .one_by_one = one_by_one,
  };
}

}  // namespace fanbench::workloads
