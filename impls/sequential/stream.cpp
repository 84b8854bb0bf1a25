// One stream after another, each to its last event.
#include "impls/blocking/streaming.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void stream(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  if (scenario.deadline > Nanoseconds::zero())
    throw NotApplicable("one stream after another: those that wait for their turn would be given up unasked");
  for (CallId id = 0; id < scenario.calls; ++id) read_stream(client, scenario, id, recorder);
}

}  // namespace fanbench::sequential
