// `limit` coroutines take the next id until there is none: on one thread a plain counter is queue enough.
#include <algorithm>

#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/spawn.hpp"

namespace fanbench {
namespace {

Awaitable<void> work(AwaitableClient& client, const Scenario& scenario, CallId& next, Recorder& recorder) {
  const LiveTask task(recorder);
  while (next < scenario.calls) co_await call(client, {scenario.run, next++}, recorder);
}

Awaitable<void> work_all(AwaitableClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  CallId next = 0;
  std::vector<Spawned> workers;
  for (std::uint32_t i = 0; i < std::min(scenario.limit, scenario.calls); ++i) {
    workers.push_back(spawn(loop, work(client, scenario, next, recorder)));
  }
  co_await join_all(std::move(workers));
}

}  // namespace

void Coroutines::worker_pool(const Scenario& scenario, Recorder& recorder) {
  run(work_all(*client_, scenario, recorder));
}

}  // namespace fanbench
