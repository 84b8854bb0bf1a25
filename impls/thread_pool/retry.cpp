// Every call is a task that tries again until it succeeds; its thread sleeps in between, and the pool has one
// less meanwhile.
#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench {

void ThreadPool::retry(const Scenario& scenario, Recorder& recorder) {
  run_tasks(arena_, scenario.calls, [&](CallId id) { call_until_ok(*client_, scenario, id, recorder); });
}

}  // namespace fanbench
