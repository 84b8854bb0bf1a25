// first_completed: take the first reply, cancel the other calls. Ideal: the least delay.
#include <fmt/format.h>

#include <vector>

#include "bench/workloads/checks.hpp"
#include "bench/workloads/workloads.hpp"

namespace fanbench {
namespace {

// Delays closer than this could be answered in either order.
constexpr Nanoseconds least_lead = std::chrono::milliseconds(20);
/// A call that was due this long after the winner's reply must have been cancelled by then. Generous: a slow
/// cancellation is a result, a missing one an error.
Nanoseconds cancelled_within(std::uint32_t calls) {
  return std::chrono::milliseconds(100) + calls * std::chrono::microseconds(500);
}

// By so much calls may be taken in another order than that in which they are due: the server's lateness and
// the client's scheduling.
constexpr Nanoseconds lateness_allowed = std::chrono::milliseconds(15);

Nanoseconds ideal(const Case& c) {
  Nanoseconds least = Nanoseconds::max();
  for (CallId id = 0; id < c.scenario.calls; ++id) least = std::min(least, delay(c, id));
  return least;
}

Mistake refuse(const Case& c) {
  std::vector<Nanoseconds> delays;
  for (CallId id = 0; id < c.scenario.calls; ++id) delays.push_back(delay(c, id));
  if (delays.size() < 2) return std::nullopt;
  std::ranges::nth_element(delays, delays.begin() + 1);
  const Nanoseconds lead = delays[1] - std::min(delays[0], delays[1]);
  if (lead >= least_lead) return std::nullopt;
  return fmt::format(
      "the plan's two shortest delays are {} apart, at least {} are needed to tell the winner: choose "
      "another seed",
      format_duration(lead), format_duration(least_lead));
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger) {
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
    if (call.ending != Ending::abandoned &&
        call.due > winners_row->ended + cancelled_within(c.scenario.calls)) {
      return fmt::format("call {} was not cancelled: the server still completed it {} after the winner",
                         call.id, format_duration(call.ended - winners_row->ended));
    }
  }
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const CallRecord& record = outcome.records[id];
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

const Specification first_completed_specification{
    .workload = "first_completed",
    .ideal = ideal,
    .least = ideal,
    .in_flight = all_calls,
    .refuse = refuse,
    .check = check,
};

}  // namespace fanbench
