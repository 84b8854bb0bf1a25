// Every call is a task that tries again until it succeeds; its thread sleeps in between, and the pool has one
// less meanwhile.
#include "impls/blocking/retry.hpp"

#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

void retry(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  run_tasks(pool.arena, scenario.calls,
            [&](CallId id) { call_until_ok(*pool.client, scenario, id, recorder); });
}

}  // namespace fanbench::tbb
