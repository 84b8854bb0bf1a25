// All calls at once, each tried again until it succeeds or its attempts are used up; a waiting one costs a
// timer. With a limit each attempt takes a permit out of a channel, and gives it back before the wait.
#include <optional>

#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"
#include "impls/coroutines/permits.hpp"

namespace fanbench::coroutines {
namespace {

/// Without permits attempts are not limited.
Awaitable<void> call_until_ok(AwaitableClient& client, const Scenario& scenario, CallId id, Permits* permits,
                              Recorder& recorder) {
  Timer timer(co_await asio::this_coro::executor);
  for (Attempt attempt = 0;; ++attempt) {
    {
      if (permits) co_await permits->async_receive(asio::deferred);
      const Permit permit{permits};
      recorder.start(id);
      const Reply reply = co_await client.get({scenario.run, id, attempt});
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

}  // namespace

Awaitable<void> retry(AwaitableClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  std::optional<Permits> permits;
  if (scenario.limit > 0) fill(permits.emplace(loop, scenario.limit));
  std::vector<Prepared> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    calls.push_back(
        prepare(loop, call_until_ok(client, scenario, id, permits ? &*permits : nullptr, recorder)));
  }
  co_await join_all(std::move(calls));
}

}  // namespace fanbench::coroutines
