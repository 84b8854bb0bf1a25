// One call after another: a limit of one, whatever the limit is.
#include "impls/sequential/sequential.hpp"

namespace fanbench {

void Sequential::semaphore(const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) {
    const LiveTask task(recorder);
    call(*client_, {scenario.run, id}, recorder);
  }
}

}  // namespace fanbench
