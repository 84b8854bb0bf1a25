// One call and its work after another.
#include "impls/kernel.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void mixed(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  if (scenario.placement == Placement::offload) {
    throw NotApplicable("one thing after another: there is no pool to do the work");
  }
  for (CallId id = 0; id < scenario.calls; ++id) {
    recorder.start(id);
    recorder.finish(id, digest(scenario, client.get({scenario.run, id})));
  }
}

}  // namespace fanbench::sequential
