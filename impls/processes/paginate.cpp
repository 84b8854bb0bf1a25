// Each stream goes to an idle worker process, which reads it page by page; with prefetch a second thread of
// it fetches the next.
#include "impls/processes/processes.hpp"

namespace fanbench {

void Processes::paginate(const Scenario& scenario, Recorder& recorder) {
  pool_.begin(scenario, recorder);
  for (CallId first = 0; first < scenario.calls; first += scenario.pages) {
    pool_.submit(Task::page_through, first, scenario.pages);
  }
  pool_.wait_for_all();
}

}  // namespace fanbench
