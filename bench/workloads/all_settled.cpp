// all_settled: all calls at once, some fail, and every outcome is kept beside its id. Ideal: the longest
// delay.
#include "bench/specification/checks.hpp"
#include "bench/specification/keys.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {

Specification all_settled() {
  return {
      .workload = "all_settled",
      .in_short = "all calls at once, some fail, every outcome is kept",
      .sentence =
          "All calls are started at once, some of them fail as planned, and every outcome is kept beside "
          "its call (gather with return_exceptions, Promise.allSettled). Ideal: the longest delay.",
      .keys = {failures_key("{} fail")},
      .example = R"(
calls = 8
latency = "uniform:min=20ms,max=300ms"
failures = { rate = 0.5, kinds = [503, 404, "reset", "reset_body", "cut", "garbage"] }
)",
      .simulate = ideal_at_once,
      .in_flight = all_calls,
      .refuse = refuse_nothing,
      .check = check_each_once,
      .refuses_slots = {},
  };
}

}  // namespace fanbench::workloads
