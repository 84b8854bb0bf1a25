// Each replica goes to a worker process of its own; when the first is done, a signal makes the others give up
// their calls.
#include "impls/processes/processes.hpp"

namespace fanbench {

void Processes::first_completed(const Scenario& scenario, Recorder& recorder) {
  if (pool_.size() < scenario.calls) {
    throw NotApplicable(
        "the pool has fewer workers than replicas: the fastest "
        "could start last");
  }
  pool_.begin(scenario, recorder);
  for (CallId id = 0; id < scenario.calls; ++id) pool_.submit(Task::call, id);
  if (pool_.busy() > 0) recorder.choose(pool_.wait_for_one());
  pool_.cancel_all();
}

}  // namespace fanbench
