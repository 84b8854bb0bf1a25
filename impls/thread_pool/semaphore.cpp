// A task for each call, which begins when it has a permit and waits for it in a queue.
#include <latch>

#include "impls/blocking/call.hpp"
#include "impls/thread_pool/permits.hpp"

namespace fanbench::thread_pool {

void semaphore(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  Permits permits(pool.threads, scenario.limit);
  std::latch left(scenario.calls);
  for (CallId id = 0; id < scenario.calls; ++id) {
    recorder.task_begins();  // it lives from now on, most of the time in a queue
    permits.acquire([&, id] {
      call(*pool.client, {scenario.run, id}, recorder);
      recorder.task_ends();
      permits.release();
      left.count_down();
    });
  }
  left.wait();
}

}  // namespace fanbench::thread_pool
