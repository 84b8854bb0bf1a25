// retry: failing calls are tried again after exponentially growing waits. Ideal: the longest of the calls'
// sums of delays and waits.
#include <fmt/format.h>

#include <vector>

#include "bench/specification/checks.hpp"
#include "bench/specification/keys.hpp"

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

/// A call's delays and waits.
Nanoseconds chain(const Case& c, const Delays& delay, CallId id) {
  const std::uint32_t attempts = planned_attempts(c, id);
  Nanoseconds sum{};
  for (Attempt attempt = 0; attempt < attempts; ++attempt) {
    sum += delay(id, attempt);
    if (attempt + 1 < attempts) sum += wait_after(c, id, attempt);
  }
  return sum;
}

Nanoseconds ideal(const Case& c, const Delays& delay) {
  Nanoseconds longest{};
  for (CallId id = 0; id < c.scenario.calls; ++id) longest = std::max(longest, chain(c, delay, id));
  return longest;
}

Nanoseconds one_by_one(const Case& c) {
  Nanoseconds sum{};
  for (CallId id = 0; id < c.scenario.calls; ++id) sum += chain(c, Delays(c), id);
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

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t) {
  std::uint64_t expected_arrivals = 0;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    expected_arrivals += planned_attempts(c, id);
    if (auto mistake = check_attempts(c, outcome, id)) return mistake;
  }
  if (ledger.arrivals != expected_arrivals) {
    return fmt::format("the server saw {} attempts, expected {}", ledger.arrivals, expected_arrivals);
  }

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

}  // namespace

Specification retry() {
  return {
      .workload = "retry",
      .in_short = "failed calls are made again after a growing wait",
      .sentence =
          "Calls that fail are made again after a wait that doubles each time, with jitter. Ideal: the "
          "longest chain of delays and waits.",
      .keys = {number_key({.name = "attempts",
                           .meaning = "for each call at most",
                           .example = "attempts = 4",
                           .otherwise = "3",
                           .phrase = "up to {} attempts",
                           .phrases = {{"1", ""}}},
                          &Scenario::attempts, 1, 20),
               duration_key({.name = "backoff",
                             .meaning = "b of the waits b·2^k",
                             .example = "backoff = \"10ms\"",
                             .otherwise = "\"10ms\"",
                             .phrase = "backoff from {}"},
                            &Scenario::backoff),
               failures_key("{} fail at first")},
      .example = R"(
calls = 8
latency = "uniform:min=10ms,max=40ms"
attempts = 3
backoff = "5ms"
failures = { rate = 0.6, attempts = 4, kinds = [503, 429, "reset", "reset_body", "cut", "garbage"], retry_after = "15ms" }
)",
      .simulate = ideal,
      .in_flight = all_calls,
      .refuse = refuse_nothing,
      .check = check,
      .one_by_one = one_by_one,
  };
}

}  // namespace fanbench::workloads
