// Every call is a task; what came of it is kept beside its id, and a failure disturbs no other task.
#include "impls/blocking/call.hpp"
#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench::thread_pool {

void all_settled(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  run_tasks(pool.threads, scenario.calls, [&](CallId id) {
    call(*pool.client, {scenario.run, id}, recorder);
  });
}

}  // namespace fanbench::thread_pool
