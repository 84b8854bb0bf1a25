// All calls at once: one send for each, and then one loop over what epoll says has come.
#include "impls/floor/floor.hpp"

namespace fanbench::floor {

void gather(Loop& loop, const Scenario& scenario, Recorder& recorder) {
  loop.fan_out(scenario, recorder, scenario.calls);
}

}  // namespace fanbench::floor
