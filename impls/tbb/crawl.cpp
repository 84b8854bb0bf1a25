// `limit` tasks for each host, each on a thread of the pool, read its listings; work after a page is done by
// that thread, or in an arena of `cpus` slots while it waits.
#include <algorithm>
#include <future>
#include <memory>
#include <thread>

#include "impls/blocking/crawling.hpp"
#include "impls/kernel.hpp"
#include "impls/tbb/tasks.hpp"

namespace fanbench::tbb {

void crawl(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  onetbb::task_arena cpus(static_cast<int>(std::min(scenario.cpus, std::thread::hardware_concurrency())), 0);
  Listings listings(scenario, recorder);
  const auto work = [&](const Reply& page) {
    if (scenario.placement == Placement::in_line) return digest(scenario, page);
    const auto job = std::make_shared<std::packaged_task<Reply()>>([&] { return digest(scenario, page); });
    cpus.enqueue([job] { (*job)(); });
    return job->get_future().get();
  };
  run_tasks(pool.arena, scenario.hosts * workers_of_each(scenario),
            [&](std::uint32_t n) { listings.read(*pool.client, n % scenario.hosts, work); });
  listings.leave_rest();
}

}  // namespace fanbench::tbb
