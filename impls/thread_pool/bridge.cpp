// Every caller is a thread that is none of the pool's; it puts each of its calls into the pool's queue as a
// task and blocks for the future of its reply. A task that did so could wait for ever for a thread to be
// free.
#include <future>
#include <thread>
#include <vector>

#include "impls/blocking/asking.hpp"
#include "impls/blocking/call.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {

void bridge(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  const auto ask = [&](const Request& request) {
    std::packaged_task<Reply()> task([&] { return call(*pool.client, request, recorder); });
    auto reply = task.get_future();
    asio::post(pool.threads, [task = std::move(task)]() mutable { task(); });
    return reply.get();
  };
  std::vector<std::jthread> callers;
  for (CallId first = 0; first < scenario.calls; first += calls_of_each(scenario)) {
    callers.emplace_back([&, first] { ask_in_turn(scenario, first, recorder, ask); });
  }
}  // the threads are joined here

}  // namespace fanbench::thread_pool
