// semaphore: at most `limit` calls at once. Ideal: greedy list scheduling of the delays over the permits, in
// id order.
#include <functional>
#include <queue>
#include <vector>

#include "bench/workloads/checks.hpp"
#include "bench/workloads/workloads.hpp"

namespace fanbench {
namespace {

/// Each call starts when the earliest permit is free. Source: Graham, "Bounds for Certain Multiprocessing
/// Anomalies" (1966): list scheduling.
Nanoseconds ideal(const Case& c) {
  std::priority_queue<Nanoseconds, std::vector<Nanoseconds>, std::greater<>> free_at;
  Nanoseconds end{};
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    Nanoseconds start{};
    if (free_at.size() == c.scenario.limit) {
      start = free_at.top();
      free_at.pop();
    }
    free_at.push(start + delay(c, id));
    end = std::max(end, start + delay(c, id));
  }
  return end;
}

/// Permits cannot be busy for less than all delays together, and no call takes less than its own. Calls that
/// begin in another order than that of their ids may beat the ideal, which no semaphore promises against.
Nanoseconds least(const Case& c) {
  Nanoseconds sum{};
  for (CallId id = 0; id < c.scenario.calls; ++id) sum += delay(c, id);
  return std::max(longest_delay(c), sum / c.scenario.limit);
}

std::uint32_t in_flight(const Case& c) { return std::min(c.scenario.limit, c.scenario.calls); }

}  // namespace

const Specification semaphore_specification{
    .workload = "semaphore",
    .ideal = ideal,
    .least = least,
    .in_flight = in_flight,
    .refuse = refuse_nothing,
    .check = check_all_ok_once,
};

}  // namespace fanbench
