// Every call is a task; the pool's threads take them and block in them, so no more calls are in flight than
// it has threads.
#include <oneapi/tbb/task_group.h>

#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench {

void ThreadPool::gather(const Scenario& scenario, Recorder& recorder) {
  tbb::task_group calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    arena_.enqueue(calls.defer([&, id] { call(*client_, scenario, id, recorder); }));
  }
  calls.wait();
}

}  // namespace fanbench
