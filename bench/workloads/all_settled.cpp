// all_settled: all calls at once, some fail, and every outcome is kept beside its id. Ideal: the longest
// delay.
#include "bench/workloads/checks.hpp"
#include "bench/workloads/workloads.hpp"

namespace fanbench {

const Specification all_settled_specification{
    .workload = "all_settled",
    .ideal = longest_delay,
    .least = longest_delay,
    .in_flight = all_calls,
    .refuse = refuse_nothing,
    .check = check_each_once,
};

}  // namespace fanbench
