// One call and its work after another; the heartbeat beats in between, as late as that is.
#include "impls/kernel.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void mixed(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  if (scenario.placement == Placement::offload) {
    throw NotApplicable("one thing after another: there is no pool to do the work");
  }
  std::uint32_t tick = 0;
  for (CallId id = 0; id < scenario.calls; ++id) {
    recorder.start(id);
    recorder.finish(id, digest(scenario, client.get({scenario.run, id})));
    while (Recorder::Clock::now() >= recorder.beat_due(tick)) recorder.beat(tick++);
  }
}

}  // namespace fanbench::sequential
