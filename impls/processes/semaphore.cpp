// The calls wait in this process, which hands out no more than `limit` of them at once: a call that waits is
// only a number.
#include "impls/processes/processes.hpp"

namespace fanbench {

void Processes::semaphore(const Scenario& scenario, Recorder& recorder) {
  pool_.begin(scenario, recorder);
  for (CallId id = 0; id < scenario.calls; ++id) {
    if (pool_.busy() == scenario.limit) pool_.wait_for_one();
    pool_.submit(Task::call, id);
  }
  pool_.wait_for_all();
}

}  // namespace fanbench
