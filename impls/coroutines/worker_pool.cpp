// `limit` coroutines take the next id until there is none: a counter is queue enough.
#include <algorithm>
#include <atomic>

#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> work(AsyncClient& client, const Scenario& scenario, std::atomic<CallId>& next,
                     Recorder& recorder) {
  const LiveTask task(recorder);
  for (CallId id = next++; id < scenario.calls; id = next++)
    co_await call(client, {scenario.run, id}, recorder);
}

}  // namespace

Awaitable<void> worker_pool(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  std::atomic<CallId> next = 0;
  std::vector<Prepared> workers;
  for (std::uint32_t i = 0; i < std::min(scenario.limit, scenario.calls); ++i) {
    const auto& [loop, client] = lanes.of(i);
    workers.push_back({loop, work(client, scenario, next, recorder)});
  }
  co_await join_all(std::move(workers));
}

}  // namespace fanbench::coroutines
