// All calls at once, each in a thread of its own; this thread works meanwhile, and only then waits for them.
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/kernel.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void early_start(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] { call(client, {scenario.run, id}, recorder); });
  }
  work_meanwhile(scenario, recorder);
}  // the threads are joined here

}  // namespace fanbench::threads
