// `limit` threads draw the ids from one counter until there are no more: never a thread for each call.
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void worker_pool(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  std::atomic<CallId> next = 0;
  std::vector<std::jthread> workers;
  for (std::uint32_t worker = 0; worker < std::min(scenario.limit, scenario.calls); ++worker) {
    workers.emplace_back([&] {
      const LiveTask task(recorder);
      for (CallId id = next++; id < scenario.calls; id = next++) {
        call(client, {scenario.run, id}, recorder);
      }
    });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
