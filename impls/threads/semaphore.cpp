// A thread for each call; a fair semaphore lets `limit` of them call at once while the others wait their
// turn.
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/blocking/fair_semaphore.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void semaphore(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  FairSemaphore permits(scenario.limit);
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] {
      const LiveTask task(recorder);
      const FairSemaphore::Permit permit(permits);
      call(client, {scenario.run, id}, recorder);
    });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
