// stream: every reply is a stream of events, which are taken as they come, to their end or until all are
// given up. Ideal: the longest stream, that is, until its first event is due, and from each event to the
// next; at most until all are given up.
#include "bench/specification/deadlines.hpp"
#include "bench/specification/keys.hpp"
#include "bench/specification/schedules.hpp"
#include "bench/specification/streams.hpp"

namespace fanbench::workloads {
namespace {

bool may_be_given_up(const Case& c) { return c.scenario.deadline > Nanoseconds::zero(); }

Nanoseconds time_to_last_event(const Case& c, CallId id) { return delay(c, id) + length_of(c.plan.stream); }
bool is_late(const Case& c, CallId id) {
  return may_be_given_up(c) && time_to_last_event(c, id) > c.scenario.deadline;
}
/// The same for all.
Nanoseconds deadline_of(const Case& c, const CallRecord&) { return c.scenario.deadline; }

constexpr GivingUp giving_up{is_late, deadline_of, Verdict::timed_out, "was given up", time_to_last_event};

Nanoseconds ideal(const Case& c, const Delays& delay) {
  const Nanoseconds whole = ideal_at_once(c, delay);
  return may_be_given_up(c) ? std::min(whole, c.scenario.deadline) : whole;
}

Mistake refuse(const Case& c) {
  if (auto mistake = refuse_stream(c)) return mistake;
  if (!may_be_given_up(c)) return std::nullopt;
  if (c.plan.capacity.slots > 0)
    return "cancel_after with slots: how far streams have come by then would depend on who waits for whom";
  Nanoseconds last{};
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const Nanoseconds in_time = c.scenario.deadline - length_of(c.plan.stream);
    if (auto mistake = refuse_near(c, id, in_time, "where its last event would come with the cancellation"))
      return mistake;
    last = std::max(last, time_to_last_event(c, id));
  }
  if (late_calls(c, giving_up) == 0) return std::nullopt;
  return refuse_unseen_cancellation(c, c.scenario.deadline, last);
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  if (auto mistake = may_be_given_up(c) ? check_given_up(c, giving_up, outcome, ledger, at_once)
                                        : check_each_once(c, outcome, ledger, at_once))
    return mistake;
  return check_streams(c, outcome, ledger);
}

std::optional<Nanoseconds> decided(const Case& c, const Outcome& outcome) {
  return last_deadline(c, giving_up, outcome);
}

std::vector<Moment> moments(const Case& c, const Outcome&) {
  if (!may_be_given_up(c)) return {};
  return {{"cancellation", c.scenario.deadline}};
}

std::vector<Key> keys() {
  std::vector<Key> keys = stream_keys();
  keys.push_back(optional_duration_key(
      {.name = "cancel_after",
       .meaning = "when all streams that are still read are given up, from the run's start",
       .example = "cancel_after = \"400ms\"",
       .phrase = "given up after {}"},
      &Scenario::deadline));
  return keys;
}

}  // namespace

Specification stream() {
  return {
      .workload = "stream",
      .in_short = "replies that are streams of events",
      .sentence =
          "All calls are started at once, and each reply is a stream of events, which are taken as they come "
          "(server-sent events, async for, replies of language models); those that are still read at a set "
          "time are given up. Ideal: the longest stream, at most that time.",
      .keys = keys(),
      .example = R"(
calls = 6
latency = "uniform:min=10ms,max=60ms"
events = 5
event_interval = "25ms"
)",
      .settle = settle_stream,
      .simulate = ideal,
      .in_flight = all_calls,
      .refuse = refuse,
      .check = check,
      .decided = decided,
      .moments = moments,
      .refuses_slots = {},
  };
}

}  // namespace fanbench::workloads
