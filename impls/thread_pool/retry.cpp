// Every call is a task that tries again until it succeeds; its thread sleeps in between, and the pool has one
// less meanwhile.
#include <oneapi/tbb/task_group.h>

#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench {

void ThreadPool::retry(const Scenario& scenario, Recorder& recorder) {
  tbb::task_group calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    arena_.enqueue(calls.defer([&, id] { call_until_ok(*client_, scenario, id, recorder); }));
  }
  calls.wait();
}

}  // namespace fanbench
