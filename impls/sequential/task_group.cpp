// One call after another until one fails: there are no siblings to cancel, only calls that are not begun any
// more.
#include "impls/blocking/call.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void task_group(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) {
    if (call(client, {scenario.run, id}, recorder).verdict == Verdict::ok) continue;
    recorder.choose(id);
    return recorder.leave_out(id + 1, scenario.calls);
  }
}

}  // namespace fanbench::sequential
