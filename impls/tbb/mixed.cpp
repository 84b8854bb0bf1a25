// Every call is a task that does the work which follows its reply, or enqueues it in an arena of `cpus` slots
// and is done; the heartbeat's ticks are tasks among those of the calls.
#include <algorithm>
#include <latch>
#include <thread>

#include "impls/blocking/heartbeat.hpp"
#include "impls/kernel.hpp"
#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

void mixed(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  const std::jthread heart([&](const std::stop_token& stop) {
    keep_beating(stop, recorder, [&](std::uint32_t n) {
      run_tasks(pool.arena, 1, [&](std::uint32_t) { recorder.beat(n); });
    });
  });
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
}  // the heartbeat is stopped and joined here

}  // namespace fanbench::tbb
