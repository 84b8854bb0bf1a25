// One call after another, each tried again until it succeeds; everybody waits while one waits for its next
// attempt.
#include "impls/blocking/retry.hpp"

#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void retry(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) call_until_ok(client, scenario, id, recorder);
}

}  // namespace fanbench::sequential
