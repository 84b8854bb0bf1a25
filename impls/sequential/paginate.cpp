// One stream after another, page by page.
#include "impls/blocking/paging.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void paginate(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  if (scenario.prefetch > 0) throw NotApplicable("one thing after another: nothing is fetched meanwhile");
  for (CallId first = 0; first < scenario.calls; first += scenario.pages) {
    page_through(client, scenario, first, recorder);
  }
}

}  // namespace fanbench::sequential
