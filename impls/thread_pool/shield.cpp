// Every call is a task on a thread of its own; at the deadline the thread that has put them into the queue
// requests a stop, which takes all out of their calls but the critical ones.
#include "impls/blocking/shield.hpp"

#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {

void shield(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  if (pool.workers < scenario.calls)
    throw NotApplicable("the pool has fewer workers than calls: those that wait would be cancelled unasked");
  Shield calls(*pool.client, scenario, recorder);
  std::latch left(scenario.calls);
  for (CallId id = 0; id < scenario.calls; ++id) {
    asio::post(pool.threads, [&, id] {
      calls.make(id);
      left.count_down();
    });
  }
  calls.cancel_at_deadline();
  left.wait();
}

}  // namespace fanbench::thread_pool
