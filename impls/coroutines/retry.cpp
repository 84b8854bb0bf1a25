// All calls at once, each tried again until it succeeds or its attempts are used up; a waiting one costs a
// timer.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> call_until_ok(AwaitableClient& client, const Scenario& scenario, CallId id,
                              Recorder& recorder) {
  Timer timer(co_await asio::this_coro::executor);
  for (Attempt attempt = 0;; ++attempt) {
    recorder.start(id);
    const Reply reply = co_await client.get({scenario.run, id, attempt});
    if (reply.verdict == Verdict::ok || attempt + 1 == scenario.attempts) {
      recorder.finish(id, reply);
      co_return;
    }
    recorder.end(id, attempt, reply);
    timer.expires_after(backoff(scenario, id, attempt, reply.retry_after));
    co_await timer.async_wait(asio::deferred);
  }
}

}  // namespace

Awaitable<void> retry(AwaitableClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  std::vector<Prepared> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    calls.push_back(prepare(loop, call_until_ok(client, scenario, id, recorder)));
  }
  co_await join_all(std::move(calls));
}

}  // namespace fanbench::coroutines
