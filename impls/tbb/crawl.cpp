// `limit` tasks for each host, each on a thread of the pool, read its listings; work after a page is done by
// that thread, or offloaded: the thread joins an arena of `cpus` slots for it, and waits while these are
// taken. It does not hand the work to others: oneTBB promises these no thread while tasks that have begun
// block, and all would wait for ever.
#include <algorithm>
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
    return cpus.execute([&] { return digest(scenario, page); });
  };
  run_tasks(pool.arena, scenario.hosts * workers_of_each(scenario),
            [&](std::uint32_t n) { listings.read(*pool.client, n % scenario.hosts, work); });
  listings.leave_rest();
}

}  // namespace fanbench::tbb
