// One call after another: a limit of one, whatever the limit is.
#include "impls/blocking/call.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void semaphore(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) {
    const LiveTask task(recorder);
    call(client, {scenario.run, id}, recorder);
  }
}

}  // namespace fanbench::sequential
