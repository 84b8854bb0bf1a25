// All calls at once, and work of our own meanwhile: on a thread beside the loop. On the loop it would hold up
// the calls that it should run beside: those that have not sent their request yet, and all replies.
#include <boost/asio/thread_pool.hpp>

#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"
#include "impls/kernel.hpp"

namespace fanbench::coroutines {
namespace {

using Pool = asio::thread_pool::executor_type;

asio::awaitable<void, Pool> work_in_pool(const Scenario& scenario, Recorder& recorder) {
  work_meanwhile(scenario, recorder);
  co_return;
}

Awaitable<void> call_all(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  std::vector<Prepared> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    const auto& [loop, client] = lanes.of(id);
    calls.push_back({loop, call(client, {scenario.run, id}, recorder)});
  }
  co_await join_all(std::move(calls));
}

}  // namespace

Awaitable<void> early_start(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  asio::thread_pool pool(1);
  auto work = asio::co_spawn(pool, work_in_pool(scenario, recorder), as_coroutine);
  auto both = call_all(lanes, scenario, recorder) && std::move(work);
  co_await std::move(both);
}

}  // namespace fanbench::coroutines
