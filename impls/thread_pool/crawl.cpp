// `limit` tasks for each host, each on a thread of the pool, read its listings; work after a page is done by
// that thread, or in a second pool with `cpus` threads while it waits.
#include <boost/asio/use_future.hpp>

#include "impls/blocking/crawling.hpp"
#include "impls/kernel.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {

void crawl(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  const bool offload = scenario.placement == Placement::offload;
  asio::thread_pool cpus(offload ? scenario.cpus : 1);
  Listings listings(scenario, recorder);
  const auto work = [&](const Reply& page) {
    if (!offload) return digest(scenario, page);
    return asio::post(cpus, asio::use_future([&] { return digest(scenario, page); })).get();
  };
  run_tasks(pool.threads, scenario.hosts * workers_of_each(scenario),
            [&](std::uint32_t n) { listings.read(*pool.client, n % scenario.hosts, work); });
  listings.leave_rest();
}  // the second pool's threads are joined here

}  // namespace fanbench::thread_pool
