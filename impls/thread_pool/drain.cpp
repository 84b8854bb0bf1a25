// This thread puts each call that comes into the pool's queue and waits for the signal in between. A task
// that is still in the queue then makes no call any more.
#include "impls/blocking/draining.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {

void drain(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  Draining calls(*pool.client, scenario, recorder);
  while (const auto id = calls.next()) {
    asio::post(pool.threads, [&calls, id = *id] { calls.make(id); });
  }
  calls.end();
}

}  // namespace fanbench::thread_pool
