// All calls at once, each in a thread of its own that blocks until its reply comes.
#include <thread>
#include <vector>

#include "impls/threads/threads.hpp"

namespace fanbench {

void Threads::gather(const Scenario& scenario, Recorder& recorder) {
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] { call(*client_, {scenario.run, id}, recorder); });
  }
}  // the threads are joined here

}  // namespace fanbench
