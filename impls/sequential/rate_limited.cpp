// One call after another, each made again until it passes: nobody else asks, so whoever waits as he was told
// is let through.
#include "impls/blocking/retry.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void rate_limited(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) call_until_ok(client, scenario, id, recorder);
}

}  // namespace fanbench::sequential
