// Every call is a task; the pool's threads take them and block in them, so no more calls are in flight than
// it has threads.
#include "impls/blocking/call.hpp"
#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

void gather(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  run_tasks(pool.arena, scenario.calls, [&](CallId id) { call(*pool.client, {scenario.run, id}, recorder); });
}

}  // namespace fanbench::tbb
