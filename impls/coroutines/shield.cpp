// All calls at once; a timer cancels the group of those that are not critical. The critical ones have a group
// of their own, which nothing cancels: that is their shield.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {

Awaitable<void> shield(AsyncClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  std::vector<Prepared> critical, others;
  for (CallId id = 0; id < scenario.calls; ++id) {
    auto& group = is_critical(scenario, id) ? critical : others;
    group.push_back(prepare(loop, call(client, {scenario.run, id}, recorder)));
  }
  const auto deadline = recorder.began() + scenario.deadline;
  auto both = join_all(std::move(critical)) && within(deadline, join_group(std::move(others)));
  co_await std::move(both);
}

}  // namespace fanbench::coroutines
