// `limit` coroutines take the next prompt until there is none; one whose prompt is refused waits on a timer
// until it may be sent again. It sleeps until its answer has ended, while the client hands the tokens to a
// reader.
#include <algorithm>

#include "impls/coroutines/group.hpp"
#include "impls/coroutines/retry.hpp"
#include "impls/http/events.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> work(AsyncClient& client, const Scenario& scenario, CallId& next, Recorder& recorder) {
  while (next < scenario.calls) {
    const CallId id = next++;
    EventReader tokens(id, recorder);
    co_await call_until_ok(client, scenario, id, /*permits=*/nullptr, recorder, &tokens);
  }
}

}  // namespace

Awaitable<void> llm_client(AsyncClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  CallId next = 0;
  std::vector<Prepared> workers;
  for (std::uint32_t i = 0; i < std::min(scenario.limit, scenario.calls); ++i) {
    workers.push_back(prepare(loop, work(client, scenario, next, recorder)));
  }
  co_await join_all(std::move(workers));
}

}  // namespace fanbench::coroutines
