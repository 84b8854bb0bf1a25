// streamed: a worker process takes a whole item and makes its calls one after another. barrier: every stage
// is a fan-out of its own, and answers pass from stage to stage in shared memory.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void pipeline(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  constexpr std::uint32_t stages = Scenario::stages;
  if (scenario.mode == Mode::streamed) {
    for (CallId first = 0; first < scenario.calls; first += stages) {
      pool.submit(Task::call_chain, first, stages);
    }
    return pool.wait_for_all();
  }
  for (CallId stage = 0; stage < stages; ++stage) {
    if (stage > 0) {
      for (CallId id = stage; id < scenario.calls; id += stages) recorder.ready(id);
    }
    for (CallId id = stage; id < scenario.calls; id += stages) {
      if (stage == 0) {
        pool.submit(Task::call, id);
      } else if (recorder.records()[id - 1].verdict == Verdict::ok) {
        pool.submit(Task::call, id, 1, recorder.records()[id - 1].answer);
      } else {
        recorder.finish(id, {.verdict = Verdict::cancelled});
      }
    }
    pool.wait_for_all();
  }
}

}  // namespace fanbench::processes
