// Every call is a task that tries again until it succeeds; its thread sleeps in between, and the pool has one
// less meanwhile. With a limit every attempt is a task: there are no more threads than permits then, and one
// that slept would keep a permit from the others. The waits are kept by the calling thread, which has nothing
// else to do.
#include "impls/blocking/retry.hpp"

#include "impls/blocking/delay_queue.hpp"
#include "impls/thread_pool/permits.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {
namespace {

void retry_within_limit(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  Permits permits(pool.threads, scenario.limit);
  DelayQueue waits(scenario.calls);
  const auto attempt = [&](CallId id) {
    permits.acquire([&, id] {
      const auto wait = try_once(*pool.client, scenario, id, recorder);
      permits.release();
      wait ? waits.put(id, *wait) : waits.leave();
    });
  };
  for (CallId id = 0; id < scenario.calls; ++id) attempt(id);
  while (const auto id = waits.take()) attempt(*id);
}

}  // namespace

void retry(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  if (scenario.limit > 0) return retry_within_limit(pool, scenario, recorder);
  run_tasks(pool.threads, scenario.calls,
            [&](CallId id) { call_until_ok(*pool.client, scenario, id, recorder); });
}

}  // namespace fanbench::thread_pool
