// One worker, whatever the limit is: it takes one id after another.
#include "impls/blocking/call.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void worker_pool(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  const LiveTask worker(recorder);
  for (CallId id = 0; id < scenario.calls; ++id) call(client, {scenario.run, id}, recorder);
}

}  // namespace fanbench::sequential
