// Each piece of work goes to one of `cpus` worker processes: a core each, and no more of them than the
// machine has.
#include "impls/processes/processes.hpp"

namespace fanbench {

void Processes::cpu(const Scenario& scenario, Recorder& recorder) {
  pool_.begin(scenario, recorder);
  for (CallId id = 0; id < scenario.calls; ++id) {
    if (pool_.busy() == scenario.cpus) pool_.wait_for_one();
    pool_.submit(Task::compute, id);
  }
  pool_.wait_for_all();
}

}  // namespace fanbench
