// All calls at once, each tried again until it succeeds or its attempts are used up; a waiting one costs a
// timer.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/spawn.hpp"

namespace fanbench {
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
    timer.expires_after(backoff(scenario, id, attempt, reply.retry_after));
    co_await timer.async_wait(asio::deferred);
  }
}

Awaitable<void> call_all(AwaitableClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  std::vector<Spawned> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    calls.push_back(spawn(loop, call_until_ok(client, scenario, id, recorder)));
  }
  co_await join_all(std::move(calls));
}

}  // namespace

void Coroutines::retry(const Scenario& scenario, Recorder& recorder) {
  run(call_all(*client_, scenario, recorder));
}

}  // namespace fanbench
