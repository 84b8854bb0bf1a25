// gather: all calls at once, wait for all. Ideal: the longest delay.
#include "bench/specification/checks.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {

Specification gather() {
  return {
      .workload = "gather",
      .in_short = "all calls at once, wait for all",
      .sentence =
          "All calls are started at once, and the fan-out ends when the last has its reply "
          "(asyncio.gather, Promise.all). Ideal: the longest delay.",
      .example = R"(
calls = 8
latency = "uniform:min=10ms,max=40ms"
)",
      .simulate = ideal_at_once,
      .in_flight = all_calls,
      .refuse = refuse_nothing,
      .check = check_each_once,
      .refuses_slots = {},
  };
}

}  // namespace fanbench::workloads
