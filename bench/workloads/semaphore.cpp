// semaphore: at most `limit` calls at once. Ideal: greedy list scheduling of the delays over the permits, in
// id order.
#include "bench/workloads/checks.hpp"
#include "bench/workloads/keys.hpp"
#include "bench/workloads/schedules.hpp"

namespace fanbench::workloads {

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
      .ideal = ideal_within_limit,
      .least = least_within_limit,
      .in_flight = limited_calls,
      .refuse = refuse_nothing,
      .check = check_each_once,
      .counts_tasks = true,
  };
}

}  // namespace fanbench::workloads
