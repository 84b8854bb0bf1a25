// One call after another, and so page after page.
#include "impls/blocking/call.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void page(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  if (scenario.copies > 0)
    throw NotApplicable("one call after another: a second copy would wait for the first");
  if (scenario.deadline > Nanoseconds::zero())
    throw NotApplicable("one call after another: those that wait for their turn would time out unasked");
  for (CallId id = 0; id < scenario.calls; ++id) call(client, {scenario.run, id}, recorder);
}

}  // namespace fanbench::sequential
