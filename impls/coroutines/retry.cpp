// All calls at once, each tried again until it succeeds or its attempts are used up; a waiting one costs a
// timer. With a limit each attempt takes a permit out of a channel, and gives it back before the wait.
#include "impls/coroutines/retry.hpp"

#include <optional>

#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {

Awaitable<void> retry(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  std::optional<Permits> permits;
  if (scenario.limit > 0) fill(permits.emplace(lanes.of(0).loop, scenario.limit));
  std::vector<Prepared> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    const auto& [loop, client] = lanes.of(id);
    calls.push_back({loop, call_until_ok(client, scenario, id, permits ? &*permits : nullptr, recorder)});
  }
  co_await join_all(std::move(calls));
}

}  // namespace fanbench::coroutines
