// No more than `limit` worker processes have a call each; one whose call is refused sleeps until it may be
// made again.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void rate_limited(ProcessPool& pool, const Scenario& scenario, Recorder&) {
  for (CallId id = 0; id < scenario.calls; ++id) {
    if (pool.busy() == scenario.limit) pool.wait_for_one();
    pool.submit(Task::call_until_ok, id);
  }
  pool.wait_for_all();
}

}  // namespace fanbench::processes
