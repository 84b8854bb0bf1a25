// One call after another, each tried again until it succeeds; everybody waits while one waits for its next
// attempt. With a limit, which is one whatever it is, a wait leaves the turn to whoever is due.
#include "impls/blocking/retry.hpp"

#include "impls/blocking/delay_queue.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {
namespace {

void retry_within_limit(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  DelayQueue due(scenario.calls);
  for (CallId id = 0; id < scenario.calls; ++id) due.put(id, {});
  while (const auto id = due.take()) {
    const auto wait = try_once(client, scenario, *id, recorder);
    wait ? due.put(*id, *wait) : due.leave();
  }
}

}  // namespace

void retry(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  if (scenario.limit > 0) return retry_within_limit(client, scenario, recorder);
  for (CallId id = 0; id < scenario.calls; ++id) call_until_ok(client, scenario, id, recorder);
}

}  // namespace fanbench::sequential
