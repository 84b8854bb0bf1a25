// `limit` tasks, each on a thread of the pool, draw the ids from one counter until there are no more: never a
// task for each call.
#include <algorithm>
#include <atomic>

#include "impls/blocking/call.hpp"
#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

void worker_pool(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  std::atomic<CallId> next = 0;
  run_tasks(pool.arena, std::min(scenario.limit, scenario.calls), [&](std::uint32_t) {
    const LiveTask task(recorder);
    for (CallId id = next++; id < scenario.calls; id = next++) {
      call(*pool.client, {scenario.run, id}, recorder);
    }
  });
}

}  // namespace fanbench::tbb
