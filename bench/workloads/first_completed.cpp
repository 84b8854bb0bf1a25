// first_completed: take the first reply, cancel the other calls. Ideal: the least delay.
#include <fmt/format.h>

#include <vector>

#include "bench/specification/checks.hpp"

namespace fanbench::workloads {
namespace {

Nanoseconds ideal(const Case& c, const Delays& delay) {
  if (c.scenario.calls == 0) return {};
  Nanoseconds least = Nanoseconds::max();
  for (CallId id = 0; id < c.scenario.calls; ++id) least = std::min(least, delay(id));
  return least;
}

Nanoseconds one_by_one(const Case& c) { return ideal(c, Delays(c)); }

Mistake refuse(const Case& c) {
  std::vector<Nanoseconds> delays;
  for (CallId id = 0; id < c.scenario.calls; ++id) delays.push_back(delay(c, id));
  if (delays.size() < 2) return std::nullopt;
  std::ranges::nth_element(delays, delays.begin() + 1);
  const Nanoseconds lead = delays[1] - std::min(delays[0], delays[1]);
  if (lead >= least_lead) return refuse_unseen_cancellation(c, ideal(c, Delays(c)));
  return fmt::format(
      "the plan's two shortest delays are {} apart, at least {} are needed to tell the winner: choose "
      "another seed",
      format_duration(lead), format_duration(least_lead));
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  if (c.scenario.calls == 0) return std::nullopt;
  const CallId winner = outcome.chosen;
  if (winner >= c.scenario.calls) return "no winner was chosen";
  if (auto mistake = check_reply(c, winner, outcome.records[winner])) return mistake;
  if (outcome.records[winner].verdict != Verdict::ok)
    return fmt::format("the winner, call {}, did not succeed", winner);

  const auto winners_row = std::ranges::find(ledger.calls, winner, &LedgerCall::id);
  if (winners_row == ledger.calls.end())
    return fmt::format("the server never saw the winner, call {}", winner);
  for (const LedgerCall& call : ledger.calls) {
    if (call.id == winner) continue;
    if (call.due + lateness_allowed < winners_row->due) {
      return fmt::format("call {} won, but call {} was due {} earlier", winner, call.id,
                         format_duration(winners_row->due - call.due));
    }
  }
  if (auto mistake = check_begun(c, *winners_row, ledger, at_once)) return mistake;
  if (auto mistake = check_rest_cancelled(c, *winners_row, ledger)) return mistake;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const CallRecord& record = outcome.records[id];
    if (record.attempts == 0 && at_once == c.scenario.calls)
      return fmt::format("call {} was never begun: all calls start at once, whoever wins", id);
    if (record.attempts > 1)
      return fmt::format("call {} was attempted {} times, expected once", id, record.attempts);
    if (id == winner || record.verdict == Verdict::cancelled) continue;
    if (record.verdict != Verdict::ok) {
      return fmt::format("call {} ended in {}, expected cancelled", id, to_string(record.verdict));
    }
  }
  return std::nullopt;
}

}  // namespace

Specification first_completed() {
  return {
      .workload = "first_completed",
      .in_short = "the first reply wins, the rest are cancelled",
      .sentence =
          "All calls are started at once, the first reply wins and the others are cancelled "
          "(FIRST_COMPLETED, Promise.race). Ideal: the shortest delay.",
      .example = R"(
calls = 8
latency = "uniform:min=20ms,max=300ms"
)",
      .simulate = ideal,
      .in_flight = all_calls,
      .refuse = refuse,
      .check = check,
      .gives_up = true,
      .ends_with_one = true,
      .decided = end_of_chosen,
      .refuses_slots = "which reply comes first would depend on who waits for whom",
      .one_by_one = one_by_one,
      .dealing = {.refused = "the first reply decides what becomes of all other calls"},
  };
}

}  // namespace fanbench::workloads
