#include "bench/specification/deadlines.hpp"

#include <fmt/format.h>

#include "bench/specification/checks.hpp"

namespace fanbench {
namespace {

Mistake check_late(const Case& c, const GivingUp& rule, CallId id, const CallRecord& record) {
  if (record.verdict != rule.verdict) {
    return fmt::format("call {} ended in {}, expected {}: it takes {}, and the deadline is {}", id,
                       to_string(record.verdict), to_string(rule.verdict), format_duration(rule.takes(c, id)),
                       format_duration(c.scenario.deadline));
  }
  if (record.attempts != 1)
    return fmt::format("call {} was attempted {} times, expected once", id, record.attempts);
  // The deadline may have been set a moment before the start was taken down.
  const Nanoseconds left = rule.deadline(c, record) - record.finished;
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

Mistake check_in_time(const Case& c, const GivingUp& rule, CallId id, const Outcome& outcome,
                      const Ledger& ledger) {
  const CallRecord& record = outcome.records[id];
  if (record.verdict != rule.verdict) return check_made_once(c, id, record);
  const auto seen = std::ranges::find(ledger.calls, id, &LedgerCall::id);
  return fmt::format(
      "call {} {}, but takes {}, and the deadline is {}: {}", id, rule.past_tense,
      format_duration(rule.takes(c, id)), format_duration(c.scenario.deadline),
      seen == ledger.calls.end() ? "the server never saw it" : reply_was_due(outcome, record, seen->due));
}

/// On a busy machine some may not have reached it: that is a result.
Mistake check_sent(const Case& c, const GivingUp& rule, const Ledger& ledger, std::uint32_t at_once) {
  if (c.scenario.deadline < time_to_begin(at_once, begins_one_in(c))) return std::nullopt;
  const auto sent =
      std::ranges::count_if(ledger.calls, [&](const auto& call) { return rule.late(c, call.id); });
  const std::uint32_t late = late_calls(c, rule);
  if (2 * sent >= std::int64_t{late}) return std::nullopt;
  return fmt::format("{} of {} late calls reached the server, expected at least half: were they made at all?",
                     sent, late);
}

Mistake check_closed(const Case& c, const GivingUp& rule, const Outcome& outcome, const LedgerCall& call) {
  // Without a common clock: no call is open for longer than its deadline is from its start.
  const Nanoseconds deadline = outcome.clock.shared ? outcome.at(rule.deadline(c, outcome.records[call.id])) +
                                                          outcome.clock.uncertainty
                                                    : call.arrived + c.scenario.deadline;
  if (!rule.late(c, call.id) || call.ended <= deadline + cancelled_within(c)) return std::nullopt;
  return fmt::format("call {} was not given up: it was open until {} after its deadline", call.id,
                     format_duration(call.ended - deadline));
}

}  // namespace

Nanoseconds time_to_reply(const Case& c, CallId id) { return delay(c, id); }

Nanoseconds least_distance(const Case& c) {
  return least_lead + c.scenario.calls * std::chrono::microseconds(50);
}

std::uint32_t late_calls(const Case& c, const GivingUp& rule) {
  std::uint32_t late = 0;
  for (CallId id = 0; id < c.scenario.calls; ++id) late += rule.late(c, id);
  return late;
}

Mistake refuse_near(const Case& c, CallId id, Nanoseconds time, std::string_view what) {
  const Nanoseconds distance = std::chrono::abs(delay(c, id) - time);
  if (distance >= least_distance(c)) return std::nullopt;
  return fmt::format(
      "call {} is due {} from {}, at least {} are needed to tell whether it is late: choose another time for "
      "that, seed or latency",
      id, format_duration(distance), what, format_duration(least_distance(c)));
}

Mistake check_given_up(const Case& c, const GivingUp& rule, const Outcome& outcome, const Ledger& ledger,
                       std::uint32_t at_once) {
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    auto mistake = rule.late(c, id) ? check_late(c, rule, id, outcome.records[id])
                                    : check_in_time(c, rule, id, outcome, ledger);
    if (mistake) return mistake;
  }
  if (auto mistake = check_sent(c, rule, ledger, at_once)) return mistake;
  for (const LedgerCall& call : ledger.calls) {
    if (auto mistake = check_closed(c, rule, outcome, call)) return mistake;
  }
  return std::nullopt;
}

std::optional<Nanoseconds> last_deadline(const Case& c, const GivingUp& rule, const Outcome& outcome) {
  std::optional<Nanoseconds> last;
  for (const CallRecord& record : outcome.records) {
    if (record.verdict == rule.verdict) last = std::max(last, std::optional(rule.deadline(c, record)));
  }
  return last;
}

}  // namespace fanbench
