// Every caller is a thread that is none of the arena's; it enqueues each of its calls as a task and blocks
// for the future of its reply. To wait as oneTBB does would make the caller one of the arena's threads.
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "impls/blocking/asking.hpp"
#include "impls/blocking/call.hpp"
#include "impls/tbb/tasks.hpp"

namespace fanbench::tbb {

void bridge(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  const auto ask = [&](const Request& request) {
    const auto task =
        std::make_shared<std::packaged_task<Reply()>>([&] { return call(*pool.client, request, recorder); });
    auto reply = task->get_future();
    pool.arena.enqueue([task] { (*task)(); });  // shared, as a task of oneTBB's is copied
    return reply.get();
  };
  std::vector<std::jthread> callers;
  for (CallId first = 0; first < scenario.calls; first += calls_of_each(scenario)) {
    callers.emplace_back([&, first] { ask_in_turn(scenario, first, recorder, ask); });
  }
}  // the threads are joined here

}  // namespace fanbench::tbb
