// One call after another; a failed one is an outcome like any other, and the next follows.
#include "impls/sequential/sequential.hpp"

namespace fanbench {

void Sequential::all_settled(const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) call(*client_, {scenario.run, id}, recorder);
}

}  // namespace fanbench
