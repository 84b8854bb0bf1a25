// Every call is a task; the first that fails requests a stop, which takes the others out of their calls, and
// those that still wait for a thread find it when they begin.
#include <stop_token>

#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench {

void ThreadPool::task_group(const Scenario& scenario, Recorder& recorder) {
  std::stop_source stop;
  run_tasks(arena_, scenario.calls, [&](CallId id) {
    if (stop.stop_requested()) return recorder.finish(id, {.verdict = Verdict::cancelled});
    const Reply reply = call(*client_, {scenario.run, id}, recorder, {stop.get_token()});
    if (reply.verdict == Verdict::ok || reply.verdict == Verdict::cancelled) return;
    if (stop.request_stop()) recorder.choose(id);  // true for the first request only
  });
}

}  // namespace fanbench
