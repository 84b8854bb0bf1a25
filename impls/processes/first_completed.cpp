// Each replica goes to a worker process of its own; when the first is done, a signal makes the others give up
// their calls.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void first_completed(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  if (pool.size() < scenario.calls) {
    throw NotApplicable(
        "the pool has fewer workers than replicas: the fastest "
        "could start last");
  }
  for (CallId id = 0; id < scenario.calls; ++id) pool.submit(Task::call, id);
  if (pool.busy() > 0) recorder.choose(pool.wait_for_one());
  pool.cancel_all();
}

}  // namespace fanbench::processes
