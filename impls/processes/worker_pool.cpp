// No more than `limit` worker processes have a call each; one that is done is given the next id, which until
// then is only a number in this process.
#include "impls/processes/processes.hpp"

namespace fanbench {

void Processes::worker_pool(const Scenario& scenario, Recorder& recorder) {
  pool_.begin(scenario, recorder);
  for (CallId id = 0; id < scenario.calls; ++id) {
    if (pool_.busy() == scenario.limit) pool_.wait_for_one();
    pool_.submit(Task::call, id);
  }
  pool_.wait_for_all();
}

}  // namespace fanbench
