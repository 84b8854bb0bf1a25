// Each call goes to an idle worker process, which blocks until the reply comes; a worker that is done gets
// the next.
#include "impls/processes/processes.hpp"

namespace fanbench {

void Processes::gather(const Scenario& scenario, Recorder& recorder) {
  pool_.begin(scenario, recorder);
  for (CallId id = 0; id < scenario.calls; ++id) pool_.submit(Task::call, id);
  pool_.wait_for_all();
}

}  // namespace fanbench
