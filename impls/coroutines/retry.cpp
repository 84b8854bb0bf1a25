// All calls at once, each tried again until it succeeds or its attempts are used up; a waiting one costs a
// timer. With a limit each attempt takes a permit out of a channel, and gives it back before the wait.
#include "impls/coroutines/retry.hpp"

#include <optional>

#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {

Awaitable<void> retry(AsyncClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  std::optional<Permits> permits;
  if (scenario.limit > 0) fill(permits.emplace(loop, scenario.limit));
  std::vector<Prepared> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    calls.push_back(
        prepare(loop, call_until_ok(client, scenario, id, permits ? &*permits : nullptr, recorder)));
  }
  co_await join_all(std::move(calls));
}

}  // namespace fanbench::coroutines
