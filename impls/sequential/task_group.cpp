// One call after another until one fails: there are no siblings to cancel, only calls that are not begun any
// more.
#include "impls/sequential/sequential.hpp"

namespace fanbench {

void Sequential::task_group(const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) {
    if (call(*client_, {scenario.run, id}, recorder).verdict == Verdict::ok) continue;
    recorder.choose(id);
    return recorder.leave_out(id + 1, scenario.calls);
  }
}

}  // namespace fanbench
