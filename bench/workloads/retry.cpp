// retry: failing calls are tried again after exponentially growing waits, with `limit` so many attempts at
// once. Ideal: the longest of the calls' sums of delays and waits, where a limit does not make them wait for
// each other.
#include <fmt/format.h>

#include <compare>
#include <vector>

#include "bench/specification/checks.hpp"
#include "bench/specification/keys.hpp"
#include "bench/specification/permits.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {
namespace {

/// Attempts that the plan makes a call need, or as many as it has.
std::uint32_t planned_attempts(const Case& c, CallId id) {
  std::uint32_t attempts = 1;
  while (attempts < c.scenario.attempts && fails(c, id, attempts - 1)) ++attempts;
  return attempts;
}

Nanoseconds wait_after(const Case& c, CallId id, Attempt attempt) {
  return backoff(c.scenario, id, attempt, planned_reply(c.plan, id, attempt).retry_after);
}

bool is_limited(const Case& c) { return c.scenario.limit > 0; }

std::uint32_t in_flight(const Case& c) { return is_limited(c) ? limited_calls(c) : all_calls(c); }

/// An attempt, and when it could be made if it had a permit.
struct Asked {
  Nanoseconds at{};
  CallId id = 0;
  Attempt attempt = 0;

  auto operator<=>(const Asked&) const = default;
};

/// Attempts get their permits in the order in which they ask: list scheduling, in which a failed attempt adds
/// one to the list. Nobody asks before the first of them.
Nanoseconds ideal(const Case& c, const Delays& delay) {
  LeastFirst<Asked> list;
  for (CallId id = 0; id < c.scenario.calls; ++id) list.push({.at = {}, .id = id, .attempt = 0});
  LeastFirst<Nanoseconds> free_at;
  Slots slots(c);
  Nanoseconds last{};
  while (!list.empty()) {
    const Asked next = list.top();
    list.pop();
    Nanoseconds start = next.at;
    if (free_at.size() == in_flight(c)) {
      start = std::max(start, free_at.top());
      free_at.pop();
    }
    const Nanoseconds end = slots.serve(start, delay(next.id, next.attempt));
    free_at.push(end);
    last = std::max(last, end);
    if (next.attempt + 1 < c.scenario.attempts && fails(c, next.id, next.attempt))
      list.push({end + wait_after(c, next.id, next.attempt), next.id, next.attempt + 1});
  }
  return last;
}

/// All that a call takes, as planned.
struct Chain {
  Nanoseconds delays{}, waits{};
};
Chain chain(const Case& c, CallId id) {
  const std::uint32_t attempts = planned_attempts(c, id);
  Chain sum;
  for (Attempt attempt = 0; attempt < attempts; ++attempt) {
    sum.delays += delay(c, id, attempt);
    if (attempt + 1 < attempts) sum.waits += wait_after(c, id, attempt);
  }
  return sum;
}

/// As least_of_calls, of calls that have several attempts.
Nanoseconds least(const Case& c) {
  Nanoseconds longest{}, delays{};
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const Chain its = chain(c, id);
    longest = std::max(longest, its.delays + its.waits);
    delays += its.delays;
  }
  return std::max(longest, delays / std::max(1U, in_flight(c)));
}

/// With a limit others are called during a wait.
Nanoseconds one_by_one(const Case& c) {
  Nanoseconds sum{};
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const Chain its = chain(c, id);
    sum += its.delays + (is_limited(c) ? Nanoseconds{} : its.waits);
  }
  return sum;
}

/// Each attempt is recorded, ended as planned, and began when the one before and the wait were over.
Mistake check_attempts(const Case& c, const Outcome& outcome, CallId id) {
  const CallRecord& record = outcome.records[id];
  const std::uint32_t planned = planned_attempts(c, id);
  if (record.attempts != planned)
    return fmt::format("call {} was attempted {} times, expected {}", id, record.attempts, planned);
  const std::vector<AttemptRecord> attempts = outcome.attempts_of(id);
  if (attempts.size() != planned)
    return fmt::format("call {} has records of {} attempts, expected {}", id, attempts.size(), planned);
  for (Attempt attempt = 0; attempt < planned; ++attempt) {
    if (auto mistake = check_attempt_reply(c, id, attempt, attempts[attempt])) return mistake;
    if (attempt == 0) continue;
    const Nanoseconds waited = attempts[attempt].started - attempts[attempt - 1].finished;
    const Nanoseconds wait = wait_after(c, id, attempt - 1);
    if (waited < wait) {
      return fmt::format(
          "attempt {} of call {} is recorded {} after the end of the one before, expected a wait "
          "of at least {}",
          attempt, id, format_duration(waited), format_duration(wait));
    }
  }
  return check_reply(c, id, record);
}

/// The server saw the attempts as well, in order and after their waits.
Mistake check_arrivals(const Case& c, const Ledger& ledger) {
  std::vector<const LedgerCall*> last(c.scenario.calls);  // each call's attempt before
  for (const LedgerCall& call : ledger.calls) {
    const LedgerCall* before = std::exchange(last[call.id], &call);
    if (call.attempt != (before ? before->attempt + 1 : 0)) {
      return fmt::format("attempt {} of call {} came out of order", call.attempt, call.id);
    }
    if (!before) continue;
    const Nanoseconds wait = wait_after(c, call.id, before->attempt);
    // The client may know of the failure from the moment it was due, a little before the ledger notes its
    // end.
    if (call.arrived - before->due < wait) {
      return fmt::format("attempt {} of call {} came {} after the one before, expected a wait of at least {}",
                         call.attempt, call.id, format_duration(call.arrived - before->due),
                         format_duration(wait));
    }
  }
  return std::nullopt;
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  std::uint64_t expected_arrivals = 0;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    expected_arrivals += planned_attempts(c, id);
    if (auto mistake = check_attempts(c, outcome, id)) return mistake;
  }
  if (ledger.arrivals != expected_arrivals) {
    return fmt::format("the server saw {} attempts, expected {}", ledger.arrivals, expected_arrivals);
  }
  if (auto mistake = check_arrivals(c, ledger)) return mistake;
  return is_limited(c) ? check_permits_of_attempts(c, ledger, at_once) : std::nullopt;
}

}  // namespace

Specification retry() {
  return {
      .workload = "retry",
      .in_short = "failed calls are made again after a growing wait",
      .sentence =
          "Calls that fail are made again after a wait that doubles each time, with jitter. With a limit "
          "only so many attempts run at once, and a wait holds no permit. Ideal: the longest chain of delays "
          "and waits; with a limit the attempts packed into that many lanes, in the order in which they may "
          "be made.",
      .keys = {optional_limit_key("attempts at once; a wait between two holds no permit"),
               number_key({.name = "attempts",
                           .meaning = "for each call at most, the first among them: 4 are three retries",
                           .example = "attempts = 4",
                           .otherwise = "3",
                           .phrase = "up to {} attempts",
                           .phrases = {{"1", ""}},
                           .elsewhere = {"retries", "max_retries", "tries"}},
                          &Scenario::attempts, 1, 20),
               duration_key({.name = "backoff",
                             .meaning = "b of the waits b·2^k",
                             .example = "backoff = \"10ms\"",
                             .otherwise = "\"10ms\"",
                             .phrase = "backoff from {}",
                             .elsewhere = {"retry_delay"}},
                            &Scenario::backoff),
               failures_key("{} fail at first")},
      .example = R"(
calls = 8
latency = "uniform:min=10ms,max=40ms"
limit = 3
attempts = 3
backoff = "5ms"
failures = { rate = 0.6, attempts = 4, kinds = [503, 429, "reset", "reset_body", "cut", "garbage"], retry_after = "15ms" }
)",
      .simulate = ideal,
      .bound = least,
      .in_flight = in_flight,
      .refuse = refuse_nothing,
      .check = check,
      .refuses_slots = {},
      .one_by_one = one_by_one,
      .dealing = {.shared = {{"limit", &Scenario::limit}}},
  };
}

}  // namespace fanbench::workloads
