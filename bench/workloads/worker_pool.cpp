// worker_pool: `limit` workers take the calls from one source, and no more tasks than that ever exist. Ideal:
// as semaphore.
#include <fmt/format.h>

#include "bench/workloads/checks.hpp"
#include "bench/workloads/schedules.hpp"
#include "bench/workloads/workloads.hpp"

namespace fanbench {
namespace {

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  if (auto mistake = check_each_once(c, outcome, ledger)) return mistake;
  if (c.scenario.calls > 0 && outcome.tasks_peak == 0) return "no worker was recorded";
  if (outcome.tasks_peak > c.scenario.limit) {
    return fmt::format("{} tasks existed at once, expected at most the limit of {} workers",
                       outcome.tasks_peak, c.scenario.limit);
  }
  return std::nullopt;
}

}  // namespace

const Specification worker_pool_specification{
    .workload = "worker_pool",
    .ideal = ideal_within_limit,
    .least = least_within_limit,
    .in_flight = limited_calls,
    .refuse = refuse_nothing,
    .check = check,
    .tasks = limited_calls,
    .counts_tasks = true,
};

}  // namespace fanbench
