// `limit` coroutines take the next prompt until there is none; one whose prompt is refused waits on a timer
// until it may be sent again. It sleeps until its answer has ended, while the client hands the tokens to a
// reader.
#include <algorithm>
#include <atomic>

#include "impls/coroutines/group.hpp"
#include "impls/coroutines/retry.hpp"
#include "impls/http/events.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> work(AsyncClient& client, const Scenario& scenario, std::atomic<CallId>& next,
                     Recorder& recorder) {
  for (CallId id = next++; id < scenario.calls; id = next++) {
    EventReader tokens(id, recorder);
    co_await call_until_ok(client, scenario, id, /*permits=*/nullptr, recorder, &tokens);
  }
}

}  // namespace

Awaitable<void> llm_client(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  std::atomic<CallId> next = 0;
  std::vector<Prepared> workers;
  for (std::uint32_t i = 0; i < std::min(scenario.limit, scenario.calls); ++i) {
    const auto& [loop, client] = lanes.of(i);
    workers.push_back({loop, work(client, scenario, next, recorder)});
  }
  co_await join_all(std::move(workers));
}

}  // namespace fanbench::coroutines
