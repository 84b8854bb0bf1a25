// All calls at once, each in a thread that waits for its reply until the deadline and then gives the
// connection up.
#include <thread>
#include <vector>

#include "impls/threads/threads.hpp"

namespace fanbench {

void Threads::timeout(const Scenario& scenario, Recorder& recorder) {
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] { call_in_time(*client_, scenario, id, recorder); });
  }
}  // the threads are joined here

}  // namespace fanbench
