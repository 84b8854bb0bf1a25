// Every call is a task; what came of it is kept beside its id, and a failure disturbs no other task.
#include "impls/blocking/call.hpp"
#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

void all_settled(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  run_tasks(pool.arena, scenario.calls, [&](CallId id) { call(*pool.client, {scenario.run, id}, recorder); });
}

}  // namespace fanbench::tbb
