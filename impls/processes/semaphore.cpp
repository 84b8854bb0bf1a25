// The calls wait in this process, which hands out no more than `limit` of them at once: a call that waits is
// only a number.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void semaphore(ProcessPool& pool, const Scenario& scenario, Recorder&) {
  for (CallId id = 0; id < scenario.calls; ++id) {
    if (pool.busy() == scenario.limit) pool.wait_for_one();
    pool.submit(Task::call, id);
  }
  pool.wait_for_all();
}

}  // namespace fanbench::processes
