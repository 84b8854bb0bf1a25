// timeout: calls have a deadline, each its own or all the same, and the late are given up. Ideal: the longest
// delay, but at most the deadline.
#include <fmt/format.h>

#include "bench/specification/checks.hpp"

namespace fanbench::workloads {
namespace {

bool is_late(const Case& c, CallId id) { return delay(c, id) > c.scenario.deadline; }

std::uint32_t late_calls(const Case& c) {
  std::uint32_t late = 0;
  for (CallId id = 0; id < c.scenario.calls; ++id) late += is_late(c, id);
  return late;
}

/// When the call is to be given up, since the run began.
Nanoseconds deadline_of(const Case& c, const CallRecord& record) {
  return c.scenario.deadline + (c.scenario.scope == Scope::call ? record.started : Nanoseconds::zero());
}

Nanoseconds ideal(const Case& c, const Delays& delay) {
  return std::min(longest_delay(c, delay), c.scenario.deadline);
}

/// How far from the deadline replies must be: that far the many calls of a model may be late.
Nanoseconds least_distance(const Case& c) {
  return least_lead + c.scenario.calls * std::chrono::microseconds(50);
}

Mistake refuse(const Case& c) {
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const Nanoseconds distance = std::chrono::abs(delay(c, id) - c.scenario.deadline);
    if (distance >= least_distance(c)) continue;
    return fmt::format(
        "call {} is due {} from the deadline, at least {} are needed to tell whether it is late: choose "
        "another "
        "deadline, seed or latency",
        id, format_duration(distance), format_duration(least_distance(c)));
  }
  return late_calls(c) > 0 ? refuse_unseen_cancellation(c, c.scenario.deadline) : std::nullopt;
}

Mistake check_late(const Case& c, CallId id, const CallRecord& record) {
  if (record.verdict != Verdict::timed_out) {
    return fmt::format("call {} ended in {}, expected timed_out: it takes {}, and the deadline is {}", id,
                       to_string(record.verdict), format_duration(delay(c, id)),
                       format_duration(c.scenario.deadline));
  }
  if (record.attempts != 1)
    return fmt::format("call {} was attempted {} times, expected once", id, record.attempts);
  // The deadline may have been set a moment before the start was taken down.
  const Nanoseconds left = deadline_of(c, record) - record.finished;
  if (left <= lateness_allowed) return std::nullopt;
  return fmt::format("call {} was given up {} before its deadline", id, format_duration(left));
}

std::string reply_was_due(const Outcome& outcome, const CallRecord& record, Nanoseconds due) {
  if (!outcome.clock.shared) return "the server saw it";
  const Nanoseconds given_up = outcome.at(record.finished);
  if (due <= given_up)
    return fmt::format("its reply was due {} before it was given up", format_duration(given_up - due));
  return fmt::format("it reached the server so late that its reply was due {} after it was given up",
                     format_duration(due - given_up));
}

Mistake check_in_time(const Case& c, CallId id, const Outcome& outcome, const Ledger& ledger) {
  const CallRecord& record = outcome.records[id];
  if (record.verdict != Verdict::timed_out) return check_made_once(c, id, record);
  const auto seen = std::ranges::find(ledger.calls, id, &LedgerCall::id);
  return fmt::format(
      "call {} timed out, but takes {}, and the deadline is {}: {}", id, format_duration(delay(c, id)),
      format_duration(c.scenario.deadline),
      seen == ledger.calls.end() ? "the server never saw it" : reply_was_due(outcome, record, seen->due));
}

/// At least half of the late calls have reached the server, if any model begins its calls within the
/// deadline. On a busy machine some may not: that is a result.
Mistake check_sent(const Case& c, const Ledger& ledger, std::uint32_t at_once) {
  if (c.scenario.deadline < time_to_begin(at_once, c.cold)) return std::nullopt;
  const auto sent =
      std::ranges::count_if(ledger.calls, [&](const auto& call) { return is_late(c, call.id); });
  if (2 * sent >= std::int64_t{late_calls(c)}) return std::nullopt;
  return fmt::format("{} of {} late calls reached the server, expected at least half: were they made at all?",
                     sent, late_calls(c));
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const CallRecord& record = outcome.records[id];
    auto mistake = is_late(c, id) ? check_late(c, id, record) : check_in_time(c, id, outcome, ledger);
    if (mistake) return mistake;
  }
  if (auto mistake = check_sent(c, ledger, at_once)) return mistake;
  for (const LedgerCall& call : ledger.calls) {
    // Without a common clock: no call is open for longer than its deadline is from its start.
    const Nanoseconds deadline = outcome.clock.shared ? outcome.at(deadline_of(c, outcome.records[call.id])) +
                                                            outcome.clock.uncertainty
                                                      : call.arrived + c.scenario.deadline;
    if (is_late(c, call.id) && call.ended > deadline + cancelled_within(c)) {
      return fmt::format("call {} was not given up: it was open until {} after its deadline", call.id,
                         format_duration(call.ended - deadline));
    }
  }
  return std::nullopt;
}

std::optional<Nanoseconds> decided(const Case& c, const Outcome& outcome) {
  std::optional<Nanoseconds> last;
  for (const CallRecord& record : outcome.records) {
    if (record.verdict == Verdict::timed_out) last = std::max(last, std::optional(deadline_of(c, record)));
  }
  return last;
}

Nanoseconds one_by_one(const Case& c) {
  Nanoseconds sum{};
  for (CallId id = 0; id < c.scenario.calls; ++id) sum += std::min(delay(c, id), c.scenario.deadline);
  return sum;
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
      .one_by_one = one_by_one,
  };
}

}  // namespace fanbench::workloads
