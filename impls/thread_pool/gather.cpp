// Every call is a task; the pool's threads take them and block in them, so no more calls are in flight than
// it has threads.
#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench {

void ThreadPool::gather(const Scenario& scenario, Recorder& recorder) {
  run_tasks(arena_, scenario.calls, [&](CallId id) { call(*client_, {scenario.run, id}, recorder); });
}

}  // namespace fanbench
