// gather: all calls at once, wait for all. Ideal: the longest delay.
#include "bench/workloads/checks.hpp"
#include "bench/workloads/workloads.hpp"

namespace fanbench {

const Specification gather_specification{
    .workload = "gather",
    .ideal = longest_delay,
    .least = longest_delay,
    .in_flight = all_calls,
    .refuse = refuse_nothing,
    .check = check_each_once,
};

}  // namespace fanbench
