// Every call is a task that tries again until it succeeds; its thread sleeps in between, and the pool has one
// less meanwhile. With a limit every attempt is a task, in an arena whose slots are the permits: a task that
// slept would keep its slot. The waits are kept by the calling thread, as oneTBB has no timers.
#include "impls/blocking/retry.hpp"

#include <algorithm>

#include "impls/blocking/delay_queue.hpp"
#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {
namespace {

void retry_within_limit(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  onetbb::task_arena permits(static_cast<int>(std::min(scenario.limit, pool.workers)), 0);
  DelayQueue waits(scenario.calls);
  const auto attempt = [&](CallId id) {
    permits.enqueue([&, id] {
      const auto wait = try_once(*pool.client, scenario, id, recorder);
      wait ? waits.put(id, *wait) : waits.leave();
    });
  };
  for (CallId id = 0; id < scenario.calls; ++id) attempt(id);
  while (const auto id = waits.take()) attempt(*id);
}

}  // namespace

void retry(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  if (scenario.limit > 0) return retry_within_limit(pool, scenario, recorder);
  run_tasks(pool.arena, scenario.calls,
            [&](CallId id) { call_until_ok(*pool.client, scenario, id, recorder); });
}

}  // namespace fanbench::tbb
