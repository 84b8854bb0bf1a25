// Every piece of work is a task; the pool has as many threads as there are CPUs for them, unless it was told
// to have others.
#include "impls/kernel.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {

void cpu(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  run_tasks(pool.threads, scenario.calls, [&](CallId id) {
    recorder.start(id);
    recorder.finish(id, compute(scenario, id));
  });
}

}  // namespace fanbench::thread_pool
