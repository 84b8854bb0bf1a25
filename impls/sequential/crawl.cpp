// A listing of each host in turn, one page and its work after another.
#include "impls/blocking/crawling.hpp"
#include "impls/kernel.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void crawl(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  if (scenario.placement == Placement::offload)
    throw NotApplicable("one thing after another: there is no pool to do the work");
  const auto work = [&](const Reply& page) { return digest(scenario, page); };
  Listings listings(scenario, recorder);
  for (bool more = true; more;) {
    more = false;
    for (std::uint32_t host = 0; host < scenario.hosts; ++host) {
      const auto first = listings.next(host);
      if (!first) continue;
      read_listing(client, scenario, *first, recorder, work);
      more = true;
    }
  }
  listings.leave_rest();
}

}  // namespace fanbench::sequential
