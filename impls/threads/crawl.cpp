// `limit` threads for each host read its listings; work after a page is done by the thread that has it, or by
// a pool of `cpus` threads while that one waits.
#include <thread>
#include <vector>

#include "impls/blocking/crawling.hpp"
#include "impls/blocking/work_pool.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void crawl(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  const bool offload = scenario.placement == Placement::offload;
  WorkPool cpus(offload ? scenario.cpus : 0, scenario.calls);
  Listings listings(scenario, recorder);
  std::vector<std::jthread> workers;
  for (std::uint32_t n = 0; n < scenario.hosts * workers_of_each(scenario); ++n) {
    workers.emplace_back([&, host = n % scenario.hosts] {
      listings.read(client, host, [&](const Reply& page) {
        return offload ? cpus.work_on(scenario, page) : digest(scenario, page);
      });
    });
  }
  workers.clear();  // they are joined here
  listings.leave_rest();
}

}  // namespace fanbench::threads
