// Each call goes to an idle worker process, which waits for its reply until the deadline and then closes the
// connection.
#include "impls/processes/processes.hpp"

namespace fanbench {

void Processes::timeout(const Scenario& scenario, Recorder& recorder) {
  if (scenario.scope == Scope::group && pool_.size() < scenario.calls) {
    throw NotApplicable(
        "the pool has fewer workers than calls: those that "
        "wait for one would time out unasked");
  }
  pool_.begin(scenario, recorder);
  for (CallId id = 0; id < scenario.calls; ++id) pool_.submit(Task::call_in_time, id);
  pool_.wait_for_all();
}

}  // namespace fanbench
