// All calls at once, each in a thread that tries again until it succeeds or its attempts are used up, and
// sleeps between.
#include "impls/blocking/retry.hpp"

#include <thread>
#include <vector>

#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void retry(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] { call_until_ok(client, scenario, id, recorder); });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
