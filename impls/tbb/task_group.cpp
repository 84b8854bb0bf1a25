// Every call is a task; the first that fails requests a stop, which takes the others out of their calls, and
// those that still wait for a thread find it when they begin.
#include <stop_token>

#include "impls/blocking/call.hpp"
#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

void task_group(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  std::stop_source stop;
  run_tasks(pool.arena, scenario.calls, [&](CallId id) {
    if (stop.stop_requested()) return recorder.finish(id, {.verdict = Verdict::cancelled});
    const Reply reply = call(*pool.client, {scenario.run, id}, recorder, {stop.get_token()});
    if (reply.verdict == Verdict::ok || reply.verdict == Verdict::cancelled) return;
    if (stop.request_stop()) recorder.choose(id);  // true for the first request only
  });
}

}  // namespace fanbench::tbb
