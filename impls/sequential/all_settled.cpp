// One call after another; a failed one is an outcome like any other, and the next follows.
#include "impls/blocking/call.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void all_settled(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) call(client, {scenario.run, id}, recorder);
}

}  // namespace fanbench::sequential
