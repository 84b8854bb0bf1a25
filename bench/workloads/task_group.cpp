// task_group: the first call that fails is reported and cancels the others, and the group ends with the last
// of them. Ideal: the least delay among the failing calls; the longest of all if none fails.
#include <fmt/format.h>

#include <vector>

#include "bench/specification/checks.hpp"
#include "bench/specification/keys.hpp"

namespace fanbench::workloads {
namespace {

std::vector<Nanoseconds> failures(const Case& c, const Delays& delay) {
  std::vector<Nanoseconds> delays;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (fails(c, id)) delays.push_back(delay(id));
  }
  return delays;
}

Nanoseconds ideal(const Case& c, const Delays& delay) {
  const auto failing = failures(c, delay);
  return failing.empty() ? longest_delay(c, delay) : std::ranges::min(failing);
}

/// Only failures have to be apart: another call that ends beside the first failure may do so before it or be
/// cancelled, and both are right.
Mistake refuse(const Case& c) {
  auto failing = failures(c, Delays(c));
  if (failing.empty() || c.scenario.calls == 1) return std::nullopt;
  std::ranges::sort(failing);
  const Nanoseconds lead = failing.size() > 1 ? failing[1] - failing[0] : Nanoseconds::max();
  if (lead >= least_lead) return refuse_unseen_cancellation(c, failing[0]);
  return fmt::format(
      "the plan's two earliest failures are {} apart, at least {} are needed to tell the first: choose "
      "another "
      "seed, fewer failures or a wider latency",
      format_duration(lead), format_duration(least_lead));
}

/// A model that cannot begin all calls at once may never come to the earliest failure of the plan: the first
/// is that of the calls which reached the server.
Mistake check_first(const Case& c, const LedgerCall& first, const Ledger& ledger) {
  for (const LedgerCall& call : ledger.calls) {
    if (fails(c, call.id) && call.due + lateness_allowed < first.due) {
      return fmt::format("call {} was reported as the first failure, but call {} failed {} earlier", first.id,
                         call.id, format_duration(first.due - call.due));
    }
  }
  return std::nullopt;
}

Mistake check_siblings(const Case& c, const Outcome& outcome, const LedgerCall& first, const Ledger& ledger) {
  const Nanoseconds failed = outcome.records[first.id].finished;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const CallRecord& record = outcome.records[id];
    if (record.verdict != Verdict::cancelled) {
      if (auto mistake = check_made_once(c, id, record)) return mistake;
    }
    if (record.attempts > 1)
      return fmt::format("call {} was attempted {} times, expected once", id, record.attempts);
    if (record.attempts == 1 && record.started > failed + lateness_allowed) {
      return fmt::format("call {} was begun {} after the failure of call {}", id,
                         format_duration(record.started - failed), first.id);
    }
  }
  for (const LedgerCall& call : ledger.calls) {
    if (outcome.records[call.id].verdict == Verdict::cancelled &&
        call.due + cancelled_within(c) < first.due) {
      return fmt::format("call {} was cancelled, but its reply was due {} before the failure of call {}",
                         call.id, format_duration(first.due - call.due), first.id);
    }
  }
  return check_rest_cancelled(c, first, ledger);
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  const CallId chosen = outcome.chosen;
  const bool any_fails = !failures(c, Delays(c)).empty();
  if (chosen >= c.scenario.calls) {
    if (any_fails) return "no failure was reported, but calls fail by plan";
    return check_each_once(c, outcome, ledger);
  }
  if (!fails(c, chosen)) return fmt::format("call {} was reported as failed, but succeeds by plan", chosen);
  if (auto mistake = check_made_once(c, chosen, outcome.records[chosen])) return mistake;
  const auto first = std::ranges::find(ledger.calls, chosen, &LedgerCall::id);
  if (first == ledger.calls.end()) return fmt::format("the server never saw the failure, call {}", chosen);
  if (auto mistake = check_first(c, *first, ledger)) return mistake;
  if (auto mistake = check_siblings(c, outcome, *first, ledger)) return mistake;
  return check_begun(c, *first, ledger, at_once);
}

}  // namespace

Specification task_group() {
  return {
      .workload = "task_group",
      .in_short = "the first failure cancels the rest",
      .sentence =
          "All calls are started at once, and the first that fails cancels the others; the group ends when "
          "all of them have ended (TaskGroup, nursery, errgroup). Ideal: the shortest delay among the "
          "calls that fail.",
      .keys = {failures_key("{} fail")},
      .example = R"(
calls = 8
latency = "uniform:min=20ms,max=300ms"
failures = { rate = 0.5, kinds = [503, 404, "reset", "reset_body", "cut", "garbage"] }
)",
      .simulate = ideal,
      .in_flight = all_calls,
      .refuse = refuse,
      .check = check,
      .gives_up = true,
      .ends_with_one = true,
      .decided = end_of_chosen,
      .refuses_slots = "which failure comes first would depend on who waits for whom",
      .dealing = {.refused = "the first failure decides what becomes of all other calls"},
  };
}

}  // namespace fanbench::workloads
