// `limit` coroutines take the next id until there is none; one whose call is refused waits on a timer until
// it may be made again, and has no other call meanwhile. Retry-After-Ms, or Retry-After, is heeded in
// backoff() (contract/scenario.cpp).
#include <algorithm>
#include <atomic>

#include "impls/coroutines/group.hpp"
#include "impls/coroutines/retry.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> work(AsyncClient& client, const Scenario& scenario, std::atomic<CallId>& next,
                     Recorder& recorder) {
  for (CallId id = next++; id < scenario.calls; id = next++)
    co_await call_until_ok(client, scenario, id, /*permits=*/nullptr, recorder);
}

}  // namespace

Awaitable<void> rate_limited(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  std::atomic<CallId> next = 0;
  std::vector<Prepared> workers;
  for (std::uint32_t i = 0; i < std::min(scenario.limit, scenario.calls); ++i) {
    const auto& [loop, client] = lanes.of(i);
    workers.push_back({loop, work(client, scenario, next, recorder)});
  }
  co_await join_all(std::move(workers));
}

}  // namespace fanbench::coroutines
