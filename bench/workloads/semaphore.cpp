// semaphore: at most `limit` calls at once. Ideal: greedy list scheduling of the delays over the permits, in
// id order.
#include "bench/workloads/checks.hpp"
#include "bench/workloads/schedules.hpp"
#include "bench/workloads/workloads.hpp"

namespace fanbench {

const Specification semaphore_specification{
    .workload = "semaphore",
    .ideal = ideal_within_limit,
    .least = least_within_limit,
    .in_flight = limited_calls,
    .refuse = refuse_nothing,
    .check = check_each_once,
    .counts_tasks = true,
};

}  // namespace fanbench
