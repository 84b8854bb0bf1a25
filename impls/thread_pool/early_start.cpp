// Every call is a task; the thread that has put them into the pool's queue works meanwhile, and only then
// waits for them.
#include "impls/blocking/call.hpp"
#include "impls/kernel.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {

void early_start(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  std::latch left(scenario.calls);
  for (CallId id = 0; id < scenario.calls; ++id) {
    asio::post(pool.threads, [&, id] {
      call(*pool.client, {scenario.run, id}, recorder);
      left.count_down();
    });
  }
  work_meanwhile(scenario, recorder);
  left.wait();
}

}  // namespace fanbench::thread_pool
