// All calls at once, and work after each reply: on the loop, where all others wait for it (the famous
// mistake), or offloaded to a pool of threads.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"
#include "impls/coroutines/offload.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> call_and_work(AsyncClient& client, const Scenario& scenario, CallId id, CpuPool pool,
                              Recorder& recorder) {
  recorder.start(id);
  Reply reply = co_await client.get({scenario.run, id});
  if (scenario.placement == Placement::in_line) {
    reply = digest(scenario, reply);
  } else {
    auto work = digest_in_pool(scenario, reply);
    reply = co_await asio::co_spawn(pool, std::move(work), as_coroutine);
  }
  recorder.finish(id, reply);
}

}  // namespace

Awaitable<void> mixed(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  asio::thread_pool pool(scenario.placement == Placement::offload ? scenario.cpus : 1);
  std::vector<Prepared> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    const auto& [loop, client] = lanes.of(id);
    calls.push_back({loop, call_and_work(client, scenario, id, pool.get_executor(), recorder)});
  }
  co_await join_all(std::move(calls));
}

}  // namespace fanbench::coroutines
