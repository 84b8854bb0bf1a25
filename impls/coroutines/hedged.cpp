// Each call races its own second copy, which begins after a timer if there is a token left for it then;
// whichever is answered first cancels the other.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> make_copy(AwaitableClient& client, Request request, Recorder& recorder) {
  co_await asio::this_coro::throw_if_cancelled(false);
  recorder.start(request.id, request.attempt);
  const Reply reply = co_await client.get(request);
  recorder.end(request.id, request.attempt, reply);
}

/// Waits for the first copy's end where it is too late for a token.
Awaitable<void> make_copy_later(AwaitableClient& client, const Scenario& scenario, CallId id,
                                std::uint32_t& tokens, Recorder& recorder) {
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  Timer timer(co_await asio::this_coro::executor);
  timer.expires_after(scenario.hedge_after);
  co_await timer.async_wait(asio::deferred);
  // The timer may have expired just before the first copy was answered: a token must not be lost to that.
  if (cancellation.cancelled() != asio::cancellation_type::none) co_return;
  if (tokens == 0) {
    timer.expires_at(Timer::time_point::max());
    co_await timer.async_wait(asio::deferred);
  }
  --tokens;
  co_await make_copy(client, {scenario.run, id, 1}, recorder);
}

Awaitable<void> hedged_call(AwaitableClient& client, const Scenario& scenario, CallId id,
                            std::uint32_t& tokens, Recorder& recorder) {
  auto first = make_copy(client, {scenario.run, id, 0}, recorder) ||
               make_copy_later(client, scenario, id, tokens, recorder);
  co_await std::move(first);
  recorder.settle(id);
}

}  // namespace

Awaitable<void> hedged(AwaitableClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  std::uint32_t tokens = scenario.copies;
  std::vector<Prepared> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    calls.push_back(prepare(loop, hedged_call(client, scenario, id, tokens, recorder)));
  }
  co_await join_all(std::move(calls));
}

}  // namespace fanbench::coroutines
