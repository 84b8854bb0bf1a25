// One call after another: a limit of one, whatever the limit is.
#include "impls/sequential/sequential.hpp"

namespace fanbench {

void Sequential::semaphore(const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) call(*client_, scenario, id, recorder);
}

}  // namespace fanbench
