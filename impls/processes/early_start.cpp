// Calls go to idle worker processes; when all have one or no call is left, this process works, and only then
// hands out the rest and waits.
#include "impls/kernel.hpp"
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void early_start(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  CallId next = 0;
  while (next < scenario.calls && !pool.full()) pool.submit(Task::call, next++);
  work_meanwhile(scenario, recorder);
  while (next < scenario.calls) pool.submit(Task::call, next++);
  pool.wait_for_all();
}

}  // namespace fanbench::processes
