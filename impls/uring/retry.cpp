// All calls at once, each tried again until it succeeds or its attempts are used up; a waiting one is in the
// tree of timers. With a limit each attempt takes a permit, and gives it back before the wait.
#include <optional>

#include "impls/uring/permits.hpp"
#include "impls/uring/uring.hpp"

namespace fanbench::uring {
namespace {

Task<> call_until_ok(Fanout& fanout, CallId id, Permits* permits) {
  const Scenario& scenario = fanout.scenario;
  for (Attempt attempt = 0;; ++attempt) {
    Nanoseconds wait{};
    {
      if (permits) co_await permits->take();
      const Permit permit{permits};
      fanout.recorder.start(id);
      const Reply reply = co_await fanout.client.get({scenario.run, id, attempt});
      if (reply.verdict == Verdict::ok || attempt + 1 == scenario.attempts) {
        fanout.recorder.finish(id, reply);
        co_return;
      }
      fanout.recorder.end(id, attempt, reply);
      wait = backoff(scenario, id, attempt, reply.retry_after);
    }
    co_await Sleep(fanout.loop, Clock::now() + wait);
  }
}

}  // namespace

Task<> retry(Fanout& fanout) {
  std::optional<Permits> permits;
  if (fanout.scenario.limit > 0) permits.emplace(fanout.loop, fanout.scenario.limit);
  Join calls;
  for (CallId id = 0; id < fanout.scenario.calls; ++id)
    calls.spawn(call_until_ok(fanout, id, permits ? &*permits : nullptr));
  co_await calls;
}

}  // namespace fanbench::uring
