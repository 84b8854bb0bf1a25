// All calls at once, each in a thread of its own; this thread waits until second copies are due and starts a
// thread for each. Whichever copy is answered first requests a stop, which takes the other out of its
// blocking call.
#include <thread>
#include <vector>

#include "impls/blocking/hedging.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void hedged(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  Hedging calls(client, scenario, recorder);
  {
    std::vector<std::jthread> threads;
    for (CallId id = 0; id < scenario.calls; ++id) {
      threads.emplace_back([&calls, id] { calls.make_first(id); });
    }
    calls.hedge([&](CallId id) { threads.emplace_back([&calls, id] { calls.make_second(id); }); });
  }  // the threads are joined here
  calls.settle();
}

}  // namespace fanbench::threads
