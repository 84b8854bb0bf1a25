// Every replica is a task on a thread of its own; the first reply requests a stop, which takes the others out
// of their calls.
#include <stop_token>

#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench {

void ThreadPool::first_completed(const Scenario& scenario, Recorder& recorder) {
  if (workers_ < scenario.calls)
    throw NotApplicable("the pool has fewer workers than replicas: the fastest could start last");
  std::stop_source stop;
  run_tasks(arena_, scenario.calls, [&](CallId id) {
    const Reply reply = call(*client_, {scenario.run, id}, recorder, {stop.get_token()});
    if (reply.verdict == Verdict::cancelled) return;
    if (stop.request_stop()) recorder.choose(id);  // true for the first request only
  });
}

}  // namespace fanbench
