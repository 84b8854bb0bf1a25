// The request and its side calls are tasks that nobody waits for together: a task group would keep the first
// exception, and cancel the other tasks. So each has a future, in which what it throws waits until somebody
// asks.
#include <future>
#include <memory>
#include <vector>

#include "impls/blocking/side_call.hpp"
#include "impls/tbb/tasks.hpp"

namespace fanbench::tbb {

void background(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  if (scenario.calls == 0) return;
  std::vector<std::future<void>> ended;
  const auto enqueue = [&](auto call) {
    const auto task = std::make_shared<std::packaged_task<void()>>(std::move(call));
    ended.push_back(task->get_future());
    pool.arena.enqueue([task] { (*task)(); });  // shared, as a task of oneTBB's is copied
  };
  enqueue([&] { own_call(*pool.client, scenario, recorder); });
  for (CallId id = 1; id < scenario.calls; ++id) {
    enqueue([&, id] { side_call(*pool.client, {scenario.run, id}, recorder); });
  }
  for (auto& end : ended) {
    try {
      end.get();
    } catch (const SideCallFailed& failure) {
      report(failure, recorder);
    }
  }
}

}  // namespace fanbench::tbb
