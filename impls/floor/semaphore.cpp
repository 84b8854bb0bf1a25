// At most `limit` calls at once: whenever one has ended, the loop sends the next. Nothing waits for a permit,
// for nothing exists before its turn.
#include "impls/floor/floor.hpp"

namespace fanbench::floor {

void semaphore(Loop& loop, const Scenario& scenario, Recorder& recorder) {
  loop.fan_out(scenario, recorder, scenario.limit);
}

}  // namespace fanbench::floor
