// Every stream is a task, which has its thread until the last event has come: what is in no thread's hands
// is not begun.
#include "impls/blocking/streaming.hpp"
#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

void stream(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  run_tasks(pool.arena, scenario.calls,
            [&](CallId id) { read_stream(*pool.client, scenario, id, recorder); });
}

}  // namespace fanbench::tbb
