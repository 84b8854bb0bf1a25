// Each call goes to an idle worker process, which blocks until the reply comes; a worker that is done gets
// the next.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void gather(ProcessPool& pool, const Scenario& scenario, Recorder&) {
  for (CallId id = 0; id < scenario.calls; ++id) pool.submit(Task::call, id);
  pool.wait_for_all();
}

}  // namespace fanbench::processes
