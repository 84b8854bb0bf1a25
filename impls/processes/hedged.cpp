// Each call goes to a worker process of its own, and its second copy to another one when it is due; when one
// of them is answered, a signal makes the other give up.
#include "impls/processes/hedging.hpp"

namespace fanbench::processes {

void hedged(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  if (pool.size() < scenario.calls)
    throw NotApplicable(
        "the pool has fewer workers than calls: copies would wait for those that they should beat");
  make_hedged_calls(pool, scenario, recorder);
}

}  // namespace fanbench::processes
