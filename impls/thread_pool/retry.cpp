// Every call is a task that tries again until it succeeds; its thread sleeps in between, and the pool has one
// less meanwhile.
#include <latch>

#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench {

void ThreadPool::retry(const Scenario& scenario, Recorder& recorder) {
  std::latch left(scenario.calls);
  for (CallId id = 0; id < scenario.calls; ++id) {
    arena_.enqueue([&, id] {
      call_until_ok(*client_, scenario, id, recorder);
      left.count_down();
    });
  }
  left.wait();
}

}  // namespace fanbench
