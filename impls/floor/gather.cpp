// All calls at once: one send for each, and then one loop over what epoll says has come.
#include "impls/floor/floor.hpp"

namespace fanbench {

void Floor::gather(const Scenario& scenario, Recorder& recorder) {
  fan_out(scenario, recorder, scenario.calls);
}

}  // namespace fanbench
