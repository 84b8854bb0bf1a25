// All calls at once; the thread with the first reply requests a stop, which takes the others out of their
// blocking calls.
#include <thread>
#include <vector>

#include "impls/threads/threads.hpp"

namespace fanbench {

void Threads::first_completed(const Scenario& scenario, Recorder& recorder) {
  std::stop_source stop;
  std::vector<std::jthread> replicas;
  for (CallId id = 0; id < scenario.calls; ++id) {
    replicas.emplace_back([&, id] {
      const Reply reply = call(*client_, {scenario.run, id}, recorder, {stop.get_token()});
      if (reply.verdict == Verdict::cancelled) return;
      if (stop.request_stop()) recorder.choose(id);  // true for the first request only
    });
  }
}  // the threads are joined here

}  // namespace fanbench
