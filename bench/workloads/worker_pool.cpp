// worker_pool: `limit` workers take the calls from one source, and no more tasks than that ever exist. Ideal:
// as semaphore.
#include <fmt/format.h>

#include "bench/specification/checks.hpp"
#include "bench/specification/keys.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {
namespace {

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t) {
  if (auto mistake = check_each_once(c, outcome, ledger)) return mistake;
  if (c.scenario.calls > 0 && outcome.tasks_peak == 0) return "no worker was recorded";
  if (outcome.tasks_peak > c.scenario.limit) {
    return fmt::format("{} tasks existed at once, expected at most the limit of {} workers",
                       outcome.tasks_peak, c.scenario.limit);
  }
  return std::nullopt;
}

}  // namespace

Specification worker_pool() {
  return {
      .workload = "worker_pool",
      .in_short = "a few workers take the calls from one queue",
      .sentence =
          "A fixed number of workers take the calls from one source until it is empty, and there are never "
          "more tasks than workers (ThreadPoolExecutor.map). Ideal: the delays packed into that many lanes.",
      .keys = {limit_key("workers")},
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
      .tasks = limited_calls,
      .counts_tasks = true,
      .refuses_slots = {},
      .dealing = {.shared = {{"limit", &Scenario::limit}}},
  };
}

}  // namespace fanbench::workloads
