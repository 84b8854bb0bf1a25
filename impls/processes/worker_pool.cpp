// No more than `limit` worker processes have a call each; one that is done is given the next id, which until
// then is only a number in this process.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void worker_pool(ProcessPool& pool, const Scenario& scenario, Recorder&) {
  for (CallId id = 0; id < scenario.calls; ++id) {
    if (pool.busy() == scenario.limit) pool.wait_for_one();
    pool.submit(Task::call, id);
  }
  pool.wait_for_all();
}

}  // namespace fanbench::processes
