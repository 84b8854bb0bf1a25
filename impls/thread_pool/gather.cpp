// Every call is a task; the pool's threads take them and block in them, so no more calls are in flight than
// it has threads.
#include <latch>

#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench {

void ThreadPool::gather(const Scenario& scenario, Recorder& recorder) {
  std::latch left(scenario.calls);
  for (CallId id = 0; id < scenario.calls; ++id) {
    arena_.enqueue([&, id] {
      call(*client_, scenario, id, recorder);
      left.count_down();
    });
  }
  left.wait();
}

}  // namespace fanbench
