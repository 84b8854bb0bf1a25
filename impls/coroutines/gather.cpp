// All calls at once: each is a coroutine that sleeps in its event loop until its reply comes.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {

Awaitable<void> gather(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  std::vector<Prepared> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    const auto& [loop, client] = lanes.of(id);
    calls.push_back({loop, call(client, {scenario.run, id}, recorder)});
  }
  co_await join_all(std::move(calls));
}

}  // namespace fanbench::coroutines
