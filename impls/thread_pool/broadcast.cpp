// Every subscriber is a task, which has a thread of the pool from entering the room to its last message; the
// thread that has started them publishes.
#include "impls/blocking/broadcasting.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {

void broadcast(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  if (pool.workers < scenario.calls)
    throw NotApplicable(
        "the pool has fewer workers than subscribers: those that wait for one would miss the messages");
  Broadcast room(*pool.client, scenario, recorder);
  std::stop_source given_up;
  std::latch left(scenario.calls);
  for (CallId id = 0; id < scenario.calls; ++id) {
    asio::post(pool.threads, [&, id] {
      room.subscribe(id, given_up.get_token());
      left.count_down();
    });
  }
  if (!room.publish()) given_up.request_stop();
  left.wait();
}

}  // namespace fanbench::thread_pool
