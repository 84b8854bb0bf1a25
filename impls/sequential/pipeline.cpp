// streamed: one item after another, each through all stages. barrier: one stage after another, each for all
// items.
#include "impls/blocking/call.hpp"
#include "impls/blocking/chain.hpp"
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void pipeline(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  constexpr std::uint32_t stages = Scenario::stages;
  if (scenario.mode == Mode::streamed) {
    for (CallId first = 0; first < scenario.calls; first += stages) {
      call_chain(client, scenario, first, recorder);
    }
    return;
  }
  for (CallId stage = 0; stage < stages; ++stage) {
    if (stage > 0) {
      for (CallId id = stage; id < scenario.calls; id += stages) recorder.ready(id);
    }
    for (CallId id = stage; id < scenario.calls; id += stages) {
      Request request{.run = scenario.run, .id = id};
      if (stage > 0) {
        const CallRecord& before = recorder.records()[id - 1];
        if (before.verdict != Verdict::ok) {
          recorder.leave_out(id, id + 1);
          continue;
        }
        request.cursor = before.answer;
      }
      call(client, request, recorder);
    }
  }
}

}  // namespace fanbench::sequential
