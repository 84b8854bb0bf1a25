// Every call is a task that does the work which follows its reply, or hands it to a second pool with `cpus`
// threads and is done.
#include <latch>

#include "impls/kernel.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {

void mixed(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  const bool offload = scenario.placement == Placement::offload;
  asio::thread_pool cpus(offload ? scenario.cpus : 1);
  std::latch offloaded(offload ? scenario.calls : 0);
  run_tasks(pool.threads, scenario.calls, [&](CallId id) {
    recorder.start(id);
    const Reply reply = pool.client->get({scenario.run, id});
    if (!offload) return recorder.finish(id, digest(scenario, reply));
    asio::post(cpus, [&, id, reply] {
      recorder.finish(id, digest(scenario, reply));
      offloaded.count_down();
    });
  });
  offloaded.wait();
}  // the second pool's threads are joined here

}  // namespace fanbench::thread_pool
