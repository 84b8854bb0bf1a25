// Every copy is a task on a thread of its own; the thread that has put the first ones into the pool's queue
// waits until second copies are due and puts these there, too. Whichever copy is answered first takes the
// other out of its call.
#include "impls/thread_pool/hedging.hpp"

namespace fanbench::thread_pool {

void hedged(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  if (pool.workers < scenario.calls)
    throw NotApplicable(
        "the pool has fewer workers than calls: copies would wait for those that they should beat");
  make_hedged_calls(pool, scenario, recorder);
}

}  // namespace fanbench::thread_pool
