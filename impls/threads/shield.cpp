// All calls at once, each in a thread of its own; at the deadline this thread requests a stop, which takes
// all out of their blocking calls but the critical ones, which have no token to be stopped by.
#include "impls/blocking/shield.hpp"

#include <thread>
#include <vector>

#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void shield(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  Shield calls(client, scenario, recorder);
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&calls, id] { calls.make(id); });
  }
  calls.cancel_at_deadline();
}  // the threads are joined here

}  // namespace fanbench::threads
