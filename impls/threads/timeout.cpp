// All calls at once, each in a thread that waits for its reply until the deadline and then gives the
// connection up.
#include <thread>
#include <vector>

#include "impls/blocking/deadline.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void timeout(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] { call_in_time(client, scenario, id, recorder); });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
