// A call that is made again where it fails; a waiting one costs a timer.
#pragma once

#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/permits.hpp"

namespace fanbench::coroutines {

/// Tries until the call has ended. Each attempt takes a permit, and gives it back before the wait; without
/// permits attempts are not limited.
inline Awaitable<void> call_until_ok(AsyncClient& client, const Scenario& scenario, CallId id,
                                     Permits* permits, Recorder& recorder, BodyReader* reader = nullptr) {
  Timer timer(co_await asio::this_coro::executor);
  for (Attempt attempt = 0;; ++attempt) {
    {
      if (permits) co_await permits->async_receive(asio::deferred);
      const Permit permit{permits};
      recorder.start(id);
      const Request request{.run = scenario.run, .id = id, .attempt = attempt, .reader = reader};
      const Reply reply = co_await client.get(request);
      if (reply.verdict == Verdict::ok || attempt + 1 == scenario.attempts) {
        recorder.finish(id, reply);
        co_return;
      }
      recorder.end(id, attempt, reply);
      timer.expires_after(backoff(scenario, id, attempt, reply.retry_after));
    }
    co_await timer.async_wait(asio::deferred);
  }
}

}  // namespace fanbench::coroutines
