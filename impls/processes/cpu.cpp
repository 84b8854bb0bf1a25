// Each piece of work goes to one of `cpus` worker processes: a core each, and no more of them than the
// machine has.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void cpu(ProcessPool& pool, const Scenario& scenario, Recorder&) {
  for (CallId id = 0; id < scenario.calls; ++id) {
    if (pool.busy() == scenario.cpus) pool.wait_for_one();
    pool.submit(Task::compute, id);
  }
  pool.wait_for_all();
}

}  // namespace fanbench::processes
