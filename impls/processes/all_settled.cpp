// Each call goes to an idle worker process, which takes down in shared memory whatever becomes of it: a
// failure is an outcome like any other.
#include "impls/processes/processes.hpp"

namespace fanbench {

void Processes::all_settled(const Scenario& scenario, Recorder& recorder) {
  pool_.begin(scenario, recorder);
  for (CallId id = 0; id < scenario.calls; ++id) pool_.submit(Task::call, id);
  pool_.wait_for_all();
}

}  // namespace fanbench
