// Every call is a task whose thread waits for the reply until the deadline and then gives the connection up.
#include "impls/blocking/deadline.hpp"
#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench::thread_pool {

void timeout(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  if (scenario.scope == Scope::group && pool.workers < scenario.calls)
    throw NotApplicable("the pool has fewer workers than calls: those that wait would time out unasked");
  run_tasks(pool.threads, scenario.calls,
            [&](CallId id) { call_in_time(*pool.client, scenario, id, recorder); });
}

}  // namespace fanbench::thread_pool
