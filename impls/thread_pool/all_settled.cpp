// Every call is a task; what came of it is kept beside its id, and a failure disturbs no other task.
#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench {

void ThreadPool::all_settled(const Scenario& scenario, Recorder& recorder) {
  run_tasks(arena_, scenario.calls, [&](CallId id) { call(*client_, {scenario.run, id}, recorder); });
}

}  // namespace fanbench
