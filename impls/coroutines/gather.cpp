// All calls at once on one thread: each is a coroutine that sleeps in the event loop until its reply comes.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {

Awaitable<void> gather(AsyncClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  std::vector<Prepared> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    calls.push_back(prepare(loop, call(client, {scenario.run, id}, recorder)));
  }
  co_await join_all(std::move(calls));
}

}  // namespace fanbench::coroutines
