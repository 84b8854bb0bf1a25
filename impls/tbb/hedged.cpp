// Every copy is a task on a thread of its own; the thread that has enqueued the first ones waits until
// second copies are due and enqueues these. Whichever copy is answered first takes the other out of its call.
#include "impls/tbb/hedging.hpp"

namespace fanbench::tbb {

void hedged(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  if (pool.workers < scenario.calls)
    throw NotApplicable(
        "the pool has fewer workers than calls: copies would wait for those that they should beat");
  make_hedged_calls(pool, scenario, recorder);
}

}  // namespace fanbench::tbb
