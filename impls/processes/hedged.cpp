// Each call goes to a worker process of its own, and its second copy to another one when it is due; when one
// of them is answered, a signal makes the other give up.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void hedged(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  if (pool.size() < scenario.calls)
    throw NotApplicable(
        "the pool has fewer workers than calls: copies would wait for those that they should beat");
  std::vector<Recorder::Clock::time_point> due;  // of the second copies
  for (CallId id = 0; id < scenario.calls; ++id) {
    due.push_back(Recorder::Clock::now() + scenario.hedge_after);
    pool.submit_copy(id, 0);
  }
  std::vector<bool> answered(scenario.calls);
  std::uint32_t tokens = scenario.copies;
  CallId next = 0;  // whose second copy is due next
  while (pool.busy() > 0) {
    const bool may_hedge = next < scenario.calls && tokens > 0 && !pool.full();
    if (const auto id = pool.wait_for_one(may_hedge ? due[next] : Recorder::Clock::time_point::max())) {
      answered[*id] = true;
      pool.cancel([&](CallId other) { return other == *id; });
      continue;
    }
    if (!answered[next]) {
      --tokens;
      pool.submit_copy(next, 1);
    }
    ++next;
  }
  for (CallId id = 0; id < scenario.calls; ++id) recorder.settle(id);
}

}  // namespace fanbench::processes
