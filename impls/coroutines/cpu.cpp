// Each piece of work is a coroutine on a pool with a thread for each CPU: on the loop they would take turns.
#include <boost/asio/thread_pool.hpp>

#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/spawn.hpp"
#include "impls/kernel.hpp"

namespace fanbench {
namespace {

using Pool = asio::thread_pool::executor_type;

asio::awaitable<void, Pool> compute_in_pool(const Scenario& scenario, CallId id, Recorder& recorder) {
  recorder.start(id);
  recorder.finish(id, compute(scenario, id));
  co_return;
}

Awaitable<void> compute_all(const Scenario& scenario, Pool pool, Recorder& recorder) {
  std::vector<SpawnedOn<Pool>> pieces;
  for (CallId id = 0; id < scenario.calls; ++id) {
    pieces.push_back(spawn(pool, compute_in_pool(scenario, id, recorder)));
  }
  co_await join_all(std::move(pieces));
}

}  // namespace

void Coroutines::cpu(const Scenario& scenario, Recorder& recorder) {
  asio::thread_pool pool(scenario.cpus);
  run(compute_all(scenario, pool.get_executor(), recorder));
}

}  // namespace fanbench
