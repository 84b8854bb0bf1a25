// No more than `limit` worker processes have a prompt each; one whose prompt is refused sleeps until it may
// be sent again, and blocks for the tokens of its answer.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void llm_client(ProcessPool& pool, const Scenario& scenario, Recorder&) {
  for (CallId id = 0; id < scenario.calls; ++id) {
    if (pool.busy() == scenario.limit) pool.wait_for_one();
    pool.submit(Task::read_stream_until_ok, id);
  }
  pool.wait_for_all();
}

}  // namespace fanbench::processes
