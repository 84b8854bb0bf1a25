// All calls at once; the thread with the first reply requests a stop, which takes the others out of their
// blocking calls.
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void first_completed(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  std::stop_source stop;
  std::vector<std::jthread> replicas;
  for (CallId id = 0; id < scenario.calls; ++id) {
    replicas.emplace_back([&, id] {
      const Reply reply = call(client, {scenario.run, id}, recorder, {stop.get_token()});
      if (reply.verdict == Verdict::cancelled) return;
      if (stop.request_stop()) recorder.choose(id);  // true for the first request only
    });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
