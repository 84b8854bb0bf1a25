// Each stream goes to an idle worker process, which takes its events as they come; this process has them
// when the stream has ended.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void stream(ProcessPool& pool, const Scenario& scenario, Recorder&) {
  for (CallId id = 0; id < scenario.calls; ++id) pool.submit(Task::read_stream, id);
  pool.wait_for_all();
}

}  // namespace fanbench::processes
