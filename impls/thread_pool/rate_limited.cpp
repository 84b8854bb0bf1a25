// `limit` tasks, each on a thread of the pool, draw the ids from one counter until there are no more; one
// whose call is refused sleeps until it may be made again.
#include <algorithm>
#include <atomic>

#include "impls/blocking/retry.hpp"
#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench::thread_pool {

void rate_limited(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  std::atomic<CallId> next = 0;
  run_tasks(pool.threads, std::min(scenario.limit, scenario.calls), [&](std::uint32_t) {
    for (CallId id = next++; id < scenario.calls; id = next++)
      call_until_ok(*pool.client, scenario, id, recorder);
  });
}

}  // namespace fanbench::thread_pool
