// hedged: a call that has no reply after a while gets a second copy, as far as the budget goes; the first
// reply to come is taken, and the other copy is given up. Ideal: the longest call, where those that would
// take longest are hedged.
#include <algorithm>

#include "bench/specification/deadlines.hpp"
#include "bench/specification/hedging.hpp"

namespace fanbench::workloads {
namespace {

std::uint32_t slow_calls(const Case& c) {
  std::uint32_t slow = 0;
  for (CallId id = 0; id < c.scenario.calls; ++id) slow += is_slow(c, id);
  return slow;
}

std::uint32_t in_flight(const Case& c) {
  return c.scenario.calls + std::min(slow_calls(c), c.scenario.copies);
}

Mistake refuse(const Case& c) {
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (auto mistake = refuse_near(c, id, c.scenario.hedge_after, "the time of its copy")) return mistake;
  }
  return std::nullopt;
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  return check_hedging(c, outcome, ledger, at_once >= in_flight(c));
}

std::vector<Moment> moments(const Case& c, const Outcome&) { return moments_of_hedging(c); }

}  // namespace

Specification hedged() {
  return {
      .workload = "hedged",
      .in_short = "slow calls get a second copy, and the first reply is taken",
      .sentence =
          "All calls are started at once; one that has no reply after a while gets a second copy, as far as "
          "the budget goes, and the first reply is taken (backup requests, hedging). Ideal: the longest "
          "call, where those that would take longest are hedged.",
      .keys = hedging_keys(duration_key({.example = "hedge_after = \"50ms\"", .needed = "a duration"},
                                        &Scenario::hedge_after)),
      .example = R"(
calls = 8
latency = "bimodal:fast=20ms,slow=600ms,slow_share=0.4"
hedge_after = "120ms"
)",
      .settle = settle_hedging,
      .simulate = ideal_hedged,
      .in_flight = in_flight,
      .refuse = refuse,
      .check = check,
      .tasks = in_flight,
      .hedges = true,
      .moments = moments,
      .refuses_slots = "which calls are slow would depend on who waits for whom",
  };
}

}  // namespace fanbench::workloads
