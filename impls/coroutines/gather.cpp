// All calls at once on one thread: each is a coroutine that sleeps in the event loop until its reply comes.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/spawn.hpp"

namespace fanbench {
namespace {

Awaitable<void> gather_all(AwaitableClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  std::vector<Spawned> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    calls.push_back(spawn(loop, call(client, {scenario.run, id}, recorder)));
  }
  co_await join_all(std::move(calls));
}

}  // namespace

void Coroutines::gather(const Scenario& scenario, Recorder& recorder) {
  run(gather_all(*client_, scenario, recorder));
}

}  // namespace fanbench
