// One call after another, each with its own deadline, after which its connection is closed and the next one
// begins.
#include "impls/sequential/sequential.hpp"

namespace fanbench {

void Sequential::timeout(const Scenario& scenario, Recorder& recorder) {
  if (scenario.scope == Scope::group) {
    throw NotApplicable(
        "one call after another: those that wait for their "
        "turn would time out unasked");
  }
  for (CallId id = 0; id < scenario.calls; ++id) call_in_time(*client_, scenario, id, recorder);
}

}  // namespace fanbench
