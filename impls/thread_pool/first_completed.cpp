// Every replica is a task on a thread of its own; the first reply requests a stop, which takes the others out
// of their calls.
#include <atomic>
#include <latch>

#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench {

void ThreadPool::first_completed(const Scenario& scenario, Recorder& recorder) {
  if (workers_ < scenario.calls)
    throw NotApplicable("the pool has fewer workers than replicas: the fastest could start last");
  std::stop_source stop;
  std::atomic_flag completed;
  std::latch left(scenario.calls);
  for (CallId id = 0; id < scenario.calls; ++id) {
    arena_.enqueue([&, id] {
      const Reply reply = call(*client_, scenario, id, recorder, stop.get_token());
      if (reply.verdict != Verdict::cancelled && !completed.test_and_set()) {
        recorder.choose(id);
        stop.request_stop();
      }
      left.count_down();
    });
  }
  left.wait();
}

}  // namespace fanbench
