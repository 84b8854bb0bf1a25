// One call after another: the fan-out takes the sum of the delays instead of the longest.
#include "impls/sequential/sequential.hpp"

namespace fanbench {

void Sequential::gather(const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) call(*client_, {scenario.run, id}, recorder);
}

}  // namespace fanbench
