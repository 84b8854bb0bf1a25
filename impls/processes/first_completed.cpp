// Each replica goes to a worker process of its own; when the first is done the others are killed, which closes their
// connections at once. The pool forks new ones before its next fan-out: that is what cancellation costs here.
#include "impls/processes/processes.hpp"

namespace fanbench {

void Processes::first_completed(const Scenario& scenario, Recorder& recorder) {
  if (pool_.size() < scenario.calls) {
    throw NotApplicable("the pool has fewer workers than replicas: the fastest could start last");
  }
  pool_.begin(scenario, recorder);
  for (CallId id = 0; id < scenario.calls; ++id) pool_.submit(Task::call, id);
  recorder.choose(pool_.wait_for_one());
  pool_.kill_busy();
}

}  // namespace fanbench
