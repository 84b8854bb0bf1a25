// A thread for each piece of work; the operating system shares out the cores among them.
#include <thread>
#include <vector>

#include "impls/kernel.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void cpu(BlockingClient&, const Scenario& scenario, Recorder& recorder) {
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] {
      recorder.start(id);
      recorder.finish(id, compute(scenario, id));
    });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
