// The request is a task, which enqueues its side calls, makes its own and returns. Nobody waits for them
// together: a task group would keep the first exception, and cancel the other tasks. So each has a future, in
// which what it throws waits until somebody asks.
#include <future>
#include <memory>
#include <vector>

#include "impls/blocking/side_call.hpp"
#include "impls/tbb/tasks.hpp"

namespace fanbench::tbb {
namespace {

template <class Work>
std::future<void> spawn(Pool& pool, Work work) {
  const auto task = std::make_shared<std::packaged_task<void()>>(std::move(work));
  pool.arena.enqueue([task] { (*task)(); });  // shared, as a task of oneTBB's is copied
  return task->get_future();
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

}  // namespace fanbench::tbb
