// The request starts a thread for each side call, makes its own and returns. What a side call throws waits in
// its future until somebody asks: a thread that is detached would end the program with it.
#include <future>
#include <vector>

#include "impls/blocking/side_call.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void background(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  if (scenario.calls == 0) return;
  std::vector<std::future<void>> side;
  for (CallId id = 1; id < scenario.calls; ++id) {
    side.push_back(std::async(std::launch::async, [&, id] {
      side_call(client, {scenario.run, id}, recorder);
    }));
  }
  own_call(client, scenario, recorder);
  for (auto& ended : side) {
    try {
      ended.get();
    } catch (const SideCallFailed& failure) {
      report(failure, recorder);
    }
  }
}

}  // namespace fanbench::threads
