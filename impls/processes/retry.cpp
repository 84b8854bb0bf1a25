// Each call goes to an idle worker process, which tries again until it succeeds and sleeps in between.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void retry(ProcessPool& pool, const Scenario& scenario, Recorder&) {
  for (CallId id = 0; id < scenario.calls; ++id) pool.submit(Task::call_until_ok, id);
  pool.wait_for_all();
}

}  // namespace fanbench::processes
