// All calls at once, each in a thread that tries again until it succeeds or its attempts are used up, and
// sleeps between.
#include <thread>
#include <vector>

#include "impls/threads/threads.hpp"

namespace fanbench {

void Threads::retry(const Scenario& scenario, Recorder& recorder) {
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] { call_until_ok(*client_, scenario, id, recorder); });
  }
}  // the threads are joined here

}  // namespace fanbench
