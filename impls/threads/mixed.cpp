// A thread for each call does the work that follows its reply, or hands it to a pool of `cpus` threads and
// waits for the result.
#include <future>
#include <queue>
#include <thread>
#include <vector>

#include "impls/blocking/bounded_queue.hpp"
#include "impls/kernel.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void mixed(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  using Job = std::packaged_task<Reply()>;
  using Jobs = BoundedQueue<std::queue<Job>>;
  const bool offload = scenario.placement == Placement::offload;

  Jobs jobs(scenario.calls);
  std::vector<std::jthread> pool;
  const Jobs::CloseAtEnd close{jobs};
  std::vector<std::jthread> threads;
  for (std::uint32_t cpu = 0; offload && cpu < scenario.cpus; ++cpu) {
    pool.emplace_back([&] {
      while (auto job = jobs.pop()) (*job)();
    });
  }
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] {
      recorder.start(id);
      const Reply reply = client.get({scenario.run, id});
      if (!offload) return recorder.finish(id, digest(scenario, reply));
      Job job([&scenario, reply] { return digest(scenario, reply); });
      std::future<Reply> result = job.get_future();
      jobs.push(std::move(job));
      recorder.finish(id, result.get());
    });
  }
}  // the calls are joined here, then the pool

}  // namespace fanbench::threads
