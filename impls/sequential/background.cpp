// The request makes its own call and returns; its side calls follow, one after another. What one of them
// throws is caught where it was called.
#include "impls/blocking/side_call.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void background(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  if (scenario.calls == 0) return;
  own_call(client, scenario, recorder);
  for (CallId id = 1; id < scenario.calls; ++id) {
    try {
      side_call(client, {scenario.run, id}, recorder);
    } catch (const SideCallFailed& failure) {
      report(failure, recorder);
    }
  }
}

}  // namespace fanbench::sequential
