// The request and its side calls are tasks. What a side call throws waits in its future until somebody asks:
// an exception that left the task would end the thread, and the program with it.
#include <future>
#include <vector>

#include "impls/blocking/side_call.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {

void background(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  if (scenario.calls == 0) return;
  std::packaged_task<void()> request([&] { own_call(*pool.client, scenario, recorder); });
  auto returned = request.get_future();
  asio::post(pool.threads, [request = std::move(request)]() mutable { request(); });
  std::vector<std::future<void>> side;
  for (CallId id = 1; id < scenario.calls; ++id) {
    std::packaged_task<void()> task([&, id] { side_call(*pool.client, {scenario.run, id}, recorder); });
    side.push_back(task.get_future());
    asio::post(pool.threads, [task = std::move(task)]() mutable { task(); });
  }
  returned.get();
  for (auto& ended : side) {
    try {
      ended.get();
    } catch (const SideCallFailed& failure) {
      report(failure, recorder);
    }
  }
}

}  // namespace fanbench::thread_pool
