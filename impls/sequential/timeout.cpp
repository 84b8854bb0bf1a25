// One call after another, each with its own deadline, after which its connection is closed and the next one
// begins.
#include "impls/blocking/deadline.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void timeout(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  if (scenario.scope == Scope::group) {
    throw NotApplicable(
        "one call after another: those that wait for their "
        "turn would time out unasked");
  }
  for (CallId id = 0; id < scenario.calls; ++id) call_in_time(client, scenario, id, recorder);
}

}  // namespace fanbench::sequential
