// One prompt after another, each sent again until it passes, and its answer read to the end.
#include "impls/blocking/streaming.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void llm_client(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) read_stream_until_ok(client, scenario, id, recorder);
}

}  // namespace fanbench::sequential
