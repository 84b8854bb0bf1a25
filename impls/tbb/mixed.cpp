// Every call is a task that does the work which follows its reply, or enqueues it in an arena of `cpus` slots
// and is done.
#include <algorithm>
#include <latch>
#include <thread>

#include "impls/kernel.hpp"
#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

void mixed(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  const bool offload = scenario.placement == Placement::offload;
  onetbb::task_arena cpus(static_cast<int>(std::min(scenario.cpus, std::thread::hardware_concurrency())), 0);
  std::latch offloaded(offload ? scenario.calls : 0);
  run_tasks(pool.arena, scenario.calls, [&](CallId id) {
    recorder.start(id);
    const Reply reply = pool.client->get({scenario.run, id});
    if (!offload) return recorder.finish(id, digest(scenario, reply));
    cpus.enqueue([&, id, reply] {
      recorder.finish(id, digest(scenario, reply));
      offloaded.count_down();
    });
  });
  offloaded.wait();
}

}  // namespace fanbench::tbb
