// Every call is a task whose thread waits for the reply until the deadline and then gives the connection up.
#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench {

void ThreadPool::timeout(const Scenario& scenario, Recorder& recorder) {
  if (scenario.scope == Scope::group && workers_ < scenario.calls)
    throw NotApplicable("the pool has fewer workers than calls: those that wait would time out unasked");
  run_tasks(arena_, scenario.calls, [&](CallId id) { call_in_time(*client_, scenario, id, recorder); });
}

}  // namespace fanbench
