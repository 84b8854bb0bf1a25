// Each call goes to an idle worker process, which tries again until it succeeds and sleeps in between.
#include "impls/processes/processes.hpp"

namespace fanbench {

void Processes::retry(const Scenario& scenario, Recorder& recorder) {
  pool_.begin(scenario, recorder);
  for (CallId id = 0; id < scenario.calls; ++id) pool_.submit(Task::call_until_ok, id);
  pool_.wait_for_all();
}

}  // namespace fanbench
