// Each call goes to an idle worker process, which takes down in shared memory whatever becomes of it: a
// failure is an outcome like any other.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void all_settled(ProcessPool& pool, const Scenario& scenario, Recorder&) {
  for (CallId id = 0; id < scenario.calls; ++id) pool.submit(Task::call, id);
  pool.wait_for_all();
}

}  // namespace fanbench::processes
