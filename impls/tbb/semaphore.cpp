// A task for each call, and an arena of `limit` slots instead of a semaphore: a task that waited for a permit
// would hold a thread meanwhile. Enqueued tasks begin in about the order in which they came; oneTBB promises
// no more.
#include <algorithm>
#include <latch>

#include "impls/blocking/call.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

void semaphore(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  onetbb::task_arena permits(static_cast<int>(std::min(scenario.limit, pool.workers)), 0);
  std::latch left(scenario.calls);
  for (CallId id = 0; id < scenario.calls; ++id) {
    recorder.task_begins();  // it lives from now on, most of the time in the arena's queue
    permits.enqueue([&, id] {
      call(*pool.client, {scenario.run, id}, recorder);
      recorder.task_ends();
      left.count_down();
    });
  }
  left.wait();
}

}  // namespace fanbench::tbb
