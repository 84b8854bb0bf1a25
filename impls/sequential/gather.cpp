// One call after another: the fan-out takes the sum of the delays instead of the longest.
#include "impls/blocking/call.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void gather(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) call(client, {scenario.run, id}, recorder);
}

}  // namespace fanbench::sequential
