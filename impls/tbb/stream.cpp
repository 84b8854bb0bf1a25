// Every stream is a task, which has its thread until the last event has come, or it gives the stream up:
// what is in no thread's hands is not begun.
#include "impls/blocking/streaming.hpp"
#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

void stream(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  if (scenario.deadline > Nanoseconds::zero() && pool.workers < scenario.calls)
    throw NotApplicable("the pool has fewer workers than streams: those that wait would be given up unasked");
  run_tasks(pool.arena, scenario.calls,
            [&](CallId id) { read_stream(*pool.client, scenario, id, recorder); });
}

}  // namespace fanbench::tbb
