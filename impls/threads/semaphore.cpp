// A thread for each call; a fair semaphore lets `limit` of them call at once while the others wait their
// turn.
#include <thread>
#include <vector>

#include "impls/blocking/fair_semaphore.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench {

void Threads::semaphore(const Scenario& scenario, Recorder& recorder) {
  FairSemaphore permits(scenario.limit);
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] {
      const LiveTask task(recorder);
      permits.acquire();
      call(*client_, {scenario.run, id}, recorder);
      permits.release();
    });
  }
}  // the threads are joined here

}  // namespace fanbench
