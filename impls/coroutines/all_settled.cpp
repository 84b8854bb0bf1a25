// All calls at once; a failed one disturbs no other: its failure is a value, kept beside its id like any
// reply.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {

Awaitable<void> all_settled(AsyncClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  std::vector<Prepared> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    calls.push_back(prepare(loop, call(client, {scenario.run, id}, recorder)));
  }
  co_await join_all(std::move(calls));
}

}  // namespace fanbench::coroutines
