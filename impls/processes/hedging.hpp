// Calls of which slow ones get a second copy, each copy in a worker process of its own.
#pragma once

#include "impls/processes/processes.hpp"

namespace fanbench::processes {

/// Hands all calls out, and second copies when they are due, as far as there are tokens; when one copy of two
/// has ended, a signal makes the other give up.
inline void make_hedged_calls(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  std::vector<Recorder::Clock::time_point> due;  // of the second copies
  for (CallId id = 0; id < scenario.calls; ++id) {
    due.push_back(Recorder::Clock::now() + scenario.hedge_after);
    pool.submit_copy(id, 0);
  }
  std::vector<bool> ended(scenario.calls), copied(scenario.calls);
  std::uint32_t tokens = scenario.copies;
  CallId next = 0;  // whose second copy is due next
  while (pool.busy() > 0) {
    const bool may_hedge = next < scenario.calls && tokens > 0 && !pool.full();
    if (const auto id = pool.wait_for_one(may_hedge ? due[next] : Recorder::Clock::time_point::max())) {
      ended[*id] = true;
      if (copied[*id]) pool.cancel([&](CallId other) { return other == *id; });
      continue;
    }
    if (!ended[next]) {
      --tokens;
      copied[next] = true;
      pool.submit_copy(next, 1);
    }
    ++next;
  }
  for (CallId id = 0; id < scenario.calls; ++id) recorder.settle(id);
}

}  // namespace fanbench::processes
