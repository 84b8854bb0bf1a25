// Every call is a task; the pool's threads take them and block in them, so no more calls are in flight than
// it has threads.
#include "impls/blocking/call.hpp"
#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench::thread_pool {

void gather(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  run_tasks(pool.threads, scenario.calls, [&](CallId id) {
    call(*pool.client, {scenario.run, id}, recorder);
  });
}

}  // namespace fanbench::thread_pool
