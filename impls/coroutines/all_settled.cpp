// All calls at once; a failed one disturbs no other: its failure is a value, kept beside its id like any
// reply.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/spawn.hpp"

namespace fanbench {
namespace {

Awaitable<void> settle_all(AwaitableClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  std::vector<Spawned> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    calls.push_back(spawn(loop, call(client, {scenario.run, id}, recorder)));
  }
  co_await join_all(std::move(calls));
}

}  // namespace

void Coroutines::all_settled(const Scenario& scenario, Recorder& recorder) {
  run(settle_all(*client_, scenario, recorder));
}

}  // namespace fanbench
