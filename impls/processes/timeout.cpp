// Each call goes to an idle worker process, which waits for its reply until the deadline and then closes the
// connection.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void timeout(ProcessPool& pool, const Scenario& scenario, Recorder&) {
  if (scenario.scope == Scope::group && pool.size() < scenario.calls) {
    throw NotApplicable(
        "the pool has fewer workers than calls: those that "
        "wait for one would time out unasked");
  }
  for (CallId id = 0; id < scenario.calls; ++id) pool.submit(Task::call_in_time, id);
  pool.wait_for_all();
}

}  // namespace fanbench::processes
