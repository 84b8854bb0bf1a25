// A thread for each call does the work that follows its reply, or hands it to a pool of `cpus` threads and
// waits for the result.
#include <thread>
#include <vector>

#include "impls/blocking/work_pool.hpp"
#include "impls/kernel.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void mixed(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  const bool offload = scenario.placement == Placement::offload;
  WorkPool pool(offload ? scenario.cpus : 0, scenario.calls);
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] {
      recorder.start(id);
      const Reply reply = client.get({scenario.run, id});
      recorder.finish(id, offload ? pool.work_on(scenario, reply) : digest(scenario, reply));
    });
  }
}  // the calls are joined here, then the pool

}  // namespace fanbench::threads
