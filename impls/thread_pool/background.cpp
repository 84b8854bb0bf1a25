// The request is a task, which puts its side calls into the pool's queue, makes its own and returns. What a
// side call throws waits in its future until somebody asks: an exception that left the task would end the
// thread, and the program with it.
#include <future>
#include <vector>

#include "impls/blocking/side_call.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {
namespace {

template <class Work>
std::future<void> spawn(Pool& pool, Work work) {
  std::packaged_task<void()> task(std::move(work));
  auto ended = task.get_future();
  asio::post(pool.threads, [task = std::move(task)]() mutable { task(); });
  return ended;
}

}  // namespace

void background(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  if (scenario.calls == 0) return;
  std::vector<std::future<void>> side;
  auto returned = spawn(pool, [&] {
    for (CallId id = 1; id < scenario.calls; ++id) {
      side.push_back(spawn(pool, [&, id] { side_call(*pool.client, {scenario.run, id}, recorder); }));
    }
    own_call(*pool.client, scenario, recorder);
  });
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
