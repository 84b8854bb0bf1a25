// `limit` coroutines take the next id until there is none: on one thread a plain counter is queue enough.
#include <algorithm>

#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> work(AsyncClient& client, const Scenario& scenario, CallId& next, Recorder& recorder) {
  const LiveTask task(recorder);
  while (next < scenario.calls) co_await call(client, {scenario.run, next++}, recorder);
}

}  // namespace

Awaitable<void> worker_pool(AsyncClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  CallId next = 0;
  std::vector<Prepared> workers;
  for (std::uint32_t i = 0; i < std::min(scenario.limit, scenario.calls); ++i) {
    workers.push_back(prepare(loop, work(client, scenario, next, recorder)));
  }
  co_await join_all(std::move(workers));
}

}  // namespace fanbench::coroutines
