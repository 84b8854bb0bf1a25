// Each stream goes to an idle worker process, which reads it page by page; with prefetch a second thread of
// it fetches the next.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void paginate(ProcessPool& pool, const Scenario& scenario, Recorder&) {
  for (CallId first = 0; first < scenario.calls; first += scenario.pages) {
    pool.submit(Task::page_through, first, scenario.pages);
  }
  pool.wait_for_all();
}

}  // namespace fanbench::processes
