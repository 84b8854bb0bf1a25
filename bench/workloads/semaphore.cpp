// semaphore: at most `limit` calls at once. Ideal: greedy list scheduling of the delays over the permits, in
// id order.
#include "bench/specification/checks.hpp"
#include "bench/specification/keys.hpp"
#include "bench/specification/permits.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {
namespace {

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  if (auto mistake = check_each_once(c, outcome, ledger)) return mistake;
  return check_order_of_permits(c, ledger.calls, at_once);
}

}  // namespace

Specification semaphore() {
  return {
      .workload = "semaphore",
      .in_short = "all calls are there, a limited number runs at once",
      .sentence =
          "All calls exist from the start, but only a limited number may be under way at once, in order of "
          "arrival (Semaphore, bulkhead, connection limit). Ideal: the delays packed into that many lanes.",
      .keys = {limit_key("calls at once")},
      .example = R"(
calls = 8
latency = "uniform:min=10ms,max=40ms"
limit = 3
)",
      .simulate = ideal_within_limit,
      .bound = least_within_limit,
      .in_flight = limited_calls,
      .refuse = refuse_nothing,
      .check = check,
      .counts_tasks = true,
      .refuses_slots = {},
      .dealing = {.shared = {{"limit", &Scenario::limit}}},
  };
}

}  // namespace fanbench::workloads
