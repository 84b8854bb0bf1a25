// Streamed, every item is a task that makes its three calls one after another; in mode barrier every stage is
// a fan-out of its own.
#include "impls/blocking/call.hpp"
#include "impls/blocking/chain.hpp"
#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench::thread_pool {

void pipeline(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  constexpr std::uint32_t stages = Scenario::stages;
  const std::uint32_t items = scenario.calls / stages;
  if (scenario.mode == Mode::streamed) {
    return run_tasks(pool.threads, items, [&](std::uint32_t item) {
      call_chain(*pool.client, scenario, stages * item, recorder);
    });
  }
  for (CallId stage = 0; stage < stages; ++stage) {
    for (CallId id = stage; stage > 0 && id < scenario.calls; id += stages) recorder.ready(id);
    run_tasks(pool.threads, items, [&](std::uint32_t item) {
      const CallId id = stages * item + stage;
      CallRecord before{.verdict = Verdict::ok};
      if (stage > 0) before = recorder.records()[id - 1];
      if (before.verdict != Verdict::ok) return recorder.leave_out(id, id + 1);
      call(*pool.client, {.run = scenario.run, .id = id, .cursor = before.answer}, recorder);
    });
  }
}

}  // namespace fanbench::thread_pool
