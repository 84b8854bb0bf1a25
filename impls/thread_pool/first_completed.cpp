// Every replica is a task on a thread of its own; the first reply requests a stop, which takes the others out
// of their calls.
#include <stop_token>

#include "impls/blocking/call.hpp"
#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench::thread_pool {

void first_completed(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  if (pool.workers < scenario.calls)
    throw NotApplicable("the pool has fewer workers than replicas: the fastest could start last");
  std::stop_source stop;
  run_tasks(pool.threads, scenario.calls, [&](CallId id) {
    const Reply reply = call(*pool.client, {scenario.run, id}, recorder, {stop.get_token()});
    if (reply.verdict == Verdict::cancelled) return;
    if (stop.request_stop()) recorder.choose(id);  // true for the first request only
  });
}

}  // namespace fanbench::thread_pool
