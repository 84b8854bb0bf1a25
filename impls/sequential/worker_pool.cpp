// One worker, whatever the limit is: it takes one id after another.
#include "impls/sequential/sequential.hpp"

namespace fanbench {

void Sequential::worker_pool(const Scenario& scenario, Recorder& recorder) {
  const LiveTask worker(recorder);
  for (CallId id = 0; id < scenario.calls; ++id) call(*client_, {scenario.run, id}, recorder);
}

}  // namespace fanbench
