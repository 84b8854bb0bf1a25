// All calls at once; a timer cancels the group of those that are not critical. The critical ones have a group
// of their own, which nothing cancels: that is their shield.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {

Awaitable<void> shield(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  std::vector<Prepared> critical, others;
  for (CallId id = 0; id < scenario.calls; ++id) {
    const auto& [loop, client] = lanes.of(id);
    auto& group = is_critical(scenario, id) ? critical : others;
    group.push_back({loop, call(client, {scenario.run, id}, recorder)});
  }
  const auto deadline = recorder.began() + scenario.deadline;
  auto both = join_all(std::move(critical)) && within(deadline, join_group(std::move(others)));
  co_await std::move(both);
}

}  // namespace fanbench::coroutines
