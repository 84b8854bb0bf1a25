// Each stream goes to an idle worker process, which takes its events as they come; this process has them
// when the stream has ended, or its worker has given it up.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void stream(ProcessPool& pool, const Scenario& scenario, Recorder&) {
  if (scenario.deadline > Nanoseconds::zero() && pool.size() < scenario.calls)
    throw NotApplicable("the pool has fewer workers than streams: those that wait would be given up unasked");
  for (CallId id = 0; id < scenario.calls; ++id) pool.submit(Task::read_stream, id);
  pool.wait_for_all();
}

}  // namespace fanbench::processes
