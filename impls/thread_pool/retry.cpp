// Every call is a task that tries again until it succeeds; its thread sleeps in between, and the pool has one
// less meanwhile.
#include "impls/blocking/retry.hpp"

#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench::thread_pool {

void retry(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  run_tasks(pool.threads, scenario.calls,
            [&](CallId id) { call_until_ok(*pool.client, scenario, id, recorder); });
}

}  // namespace fanbench::thread_pool
