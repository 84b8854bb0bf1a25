// `limit` coroutines take the next id until there is none; one whose call is refused waits on a timer until
// it may be made again, and has no other call meanwhile. Retry-After-Ms, or Retry-After, is heeded in
// backoff() (contract/scenario.cpp).
#include <algorithm>

#include "impls/coroutines/group.hpp"
#include "impls/coroutines/retry.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> work(AsyncClient& client, const Scenario& scenario, CallId& next, Recorder& recorder) {
  while (next < scenario.calls)
    co_await call_until_ok(client, scenario, next++, /*permits=*/nullptr, recorder);
}

}  // namespace

Awaitable<void> rate_limited(AsyncClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  CallId next = 0;
  std::vector<Prepared> workers;
  for (std::uint32_t i = 0; i < std::min(scenario.limit, scenario.calls); ++i) {
    workers.push_back(prepare(loop, work(client, scenario, next, recorder)));
  }
  co_await join_all(std::move(workers));
}

}  // namespace fanbench::coroutines
