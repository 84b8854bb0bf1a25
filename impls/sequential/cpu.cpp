// One piece of work after another, on one core.
#include "impls/kernel.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void cpu(BlockingClient&, const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) {
    recorder.start(id);
    recorder.finish(id, compute(scenario, id));
  }
}

}  // namespace fanbench::sequential
