// Each call races its own second copy, which begins after a timer if there is a token left for it then;
// whichever is answered first cancels the other.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/hedging.hpp"

namespace fanbench::coroutines {

Awaitable<void> hedged(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  Hedging run(lanes, scenario, recorder);
  std::vector<Prepared> calls;
  for (CallId id = 0; id < scenario.calls; ++id) calls.push_back({lanes.of(id).loop, hedged_call(run, id)});
  co_await join_all(std::move(calls));
}

}  // namespace fanbench::coroutines
