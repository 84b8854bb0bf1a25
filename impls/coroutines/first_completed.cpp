// All calls at once; the first reply ends the group, which cancels the others and waits until they are gone.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {

Awaitable<void> first_completed(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  std::vector<Prepared> replicas;
  for (CallId id = 0; id < scenario.calls; ++id) {
    const auto& [loop, client] = lanes.of(id);
    replicas.push_back({loop, call(client, {scenario.run, id}, recorder)});
  }
  const auto order = co_await run_group(std::move(replicas), asio::experimental::wait_for_one());
  if (!order.empty()) recorder.choose(static_cast<CallId>(order.front()));
}

}  // namespace fanbench::coroutines
