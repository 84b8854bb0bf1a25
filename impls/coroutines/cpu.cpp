// Each piece of work is a coroutine on a pool with a thread for each CPU: on the loop they would take turns.
#include <boost/asio/thread_pool.hpp>

#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"
#include "impls/kernel.hpp"

namespace fanbench::coroutines {
namespace {

using Pool = asio::thread_pool::executor_type;

asio::awaitable<void, Pool> compute_in_pool(const Scenario& scenario, CallId id, Recorder& recorder) {
  recorder.start(id);
  recorder.finish(id, compute(scenario, id));
  co_return;
}

}  // namespace

Awaitable<void> cpu(const Lanes&, const Scenario& scenario, Recorder& recorder) {
  asio::thread_pool pool(scenario.cpus);
  std::vector<PreparedOn<Pool>> pieces;
  for (CallId id = 0; id < scenario.calls; ++id) {
    pieces.push_back({pool.get_executor(), compute_in_pool(scenario, id, recorder)});
  }
  co_await join_each(std::move(pieces));
}

}  // namespace fanbench::coroutines
