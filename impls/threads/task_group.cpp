// All calls at once; the first that fails requests a stop, which takes the others out of their blocking
// calls, and the group ends when all its threads have.
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void task_group(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  std::stop_source stop;
  std::vector<std::jthread> siblings;
  for (CallId id = 0; id < scenario.calls; ++id) {
    siblings.emplace_back([&, id] {
      if (stop.stop_requested()) return recorder.finish(id, {.verdict = Verdict::cancelled});
      const Reply reply = call(client, {scenario.run, id}, recorder, {stop.get_token()});
      if (reply.verdict == Verdict::ok || reply.verdict == Verdict::cancelled) return;
      if (stop.request_stop()) recorder.choose(id);  // true for the first request only
    });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
