// All calls at once, each in a thread of its own that blocks until its reply comes.
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void gather(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] { call(client, {scenario.run, id}, recorder); });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
