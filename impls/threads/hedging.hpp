// Calls of which slow ones get a second copy, each copy in a thread of its own.
#pragma once

#include <thread>
#include <vector>

#include "impls/blocking/hedging.hpp"

namespace fanbench::threads {

/// All calls at once; this thread waits until second copies are due and starts a thread for each.
inline void make_hedged_calls(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
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
