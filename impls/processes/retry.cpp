// Each call goes to an idle worker process, which tries again until it succeeds and sleeps in between. With a
// limit this process hands out single attempts, no more than `limit` at once, and keeps the calls that wait:
// so no semaphore is shared, and no worker sleeps on a permit.
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "impls/processes/processes.hpp"

namespace fanbench::processes {
namespace {

using Due = std::pair<Recorder::Clock::time_point, CallId>;

void retry_within_limit(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  std::priority_queue<Due, std::vector<Due>, std::greater<>> waiting;  // the first that is due on top
  for (CallId id = 0; id < scenario.calls; ++id) waiting.emplace(recorder.began(), id);
  while (!waiting.empty() || pool.busy() > 0) {
    const bool permitted = !waiting.empty() && pool.busy() < scenario.limit && !pool.full();
    const auto next = permitted ? waiting.top().first : Recorder::Clock::time_point::max();
    if (next <= Recorder::Clock::now()) {
      pool.submit(Task::try_once, waiting.top().second);
      waiting.pop();
    } else if (const auto tried = pool.wait_for_one(next)) {
      const CallRecord& call = recorder.records()[*tried];
      if (call.verdict != Verdict::none) continue;  // it has ended
      const Attempt attempt = call.attempts - 1U;
      const Nanoseconds retry_after = recorder.attempts_of(*tried)[attempt].retry_after;
      waiting.emplace(Recorder::Clock::now() + backoff(scenario, *tried, attempt, retry_after), *tried);
    }
  }
}

}  // namespace

void retry(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  if (scenario.limit > 0) return retry_within_limit(pool, scenario, recorder);
  for (CallId id = 0; id < scenario.calls; ++id) pool.submit(Task::call_until_ok, id);
  pool.wait_for_all();
}

}  // namespace fanbench::processes
