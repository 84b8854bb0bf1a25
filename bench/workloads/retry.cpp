// retry: failing calls are tried again after exponentially growing waits. Ideal: the longest of the calls'
// sums of delays and waits.
#include <fmt/format.h>

#include <vector>

#include "bench/workloads/checks.hpp"
#include "bench/workloads/workloads.hpp"

namespace fanbench {
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

Nanoseconds ideal(const Case& c) {
  Nanoseconds longest{};
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const std::uint32_t attempts = planned_attempts(c, id);
    Nanoseconds sum{};
    for (Attempt attempt = 0; attempt < attempts; ++attempt) {
      sum += delay(c, id, attempt);
      if (attempt + 1 < attempts) sum += wait_after(c, id, attempt);
    }
    longest = std::max(longest, sum);
  }
  return longest;
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  std::uint64_t expected_arrivals = 0;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const std::uint32_t planned = planned_attempts(c, id);
    expected_arrivals += planned;
    if (outcome.records[id].attempts != planned) {
      return fmt::format("call {} was attempted {} times, expected {}", id, outcome.records[id].attempts,
                         planned);
    }
    if (auto mistake = check_reply(c, id, outcome.records[id])) return mistake;
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

const Specification retry_specification{
    .workload = "retry",
    .ideal = ideal,
    .least = ideal,
    .in_flight = all_calls,
    .refuse = refuse_nothing,
    .check = check,
};

}  // namespace fanbench
