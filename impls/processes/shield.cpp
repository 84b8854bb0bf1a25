// Each call goes to a worker process of its own; at the deadline a signal makes them give up their calls, but
// those that have a critical one, which get none.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void shield(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  if (pool.size() < scenario.calls) {
    throw NotApplicable(
        "the pool has fewer workers than calls: those that "
        "wait for one would be cancelled unasked");
  }
  for (CallId id = 0; id < scenario.calls; ++id) pool.submit(Task::call, id);
  const auto deadline = recorder.began() + scenario.deadline;
  while (pool.busy() > 0 && pool.wait_for_one(deadline)) {
  }
  pool.cancel([&](CallId id) { return !is_critical(scenario, id); });
  pool.wait_for_all();
}

}  // namespace fanbench::processes
