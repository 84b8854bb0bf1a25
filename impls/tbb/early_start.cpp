// Every call is a task; the thread that has enqueued them works meanwhile, and only then waits for them.
#include "impls/blocking/call.hpp"
#include "impls/kernel.hpp"
#include "impls/tbb/tasks.hpp"

namespace fanbench::tbb {

void early_start(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  std::latch left(scenario.calls);
  for (CallId id = 0; id < scenario.calls; ++id) {
    pool.arena.enqueue([&, id] {
      call(*pool.client, {scenario.run, id}, recorder);
      left.count_down();
    });
  }
  work_meanwhile(scenario, recorder);
  left.wait();
}

}  // namespace fanbench::tbb
