// Calls of which slow ones get a second copy: each races its own, which begins after a timer if there is a
// token left for it then; whichever is answered first cancels the other.
#pragma once

#include <atomic>

#include "impls/coroutines/group.hpp"
#include "impls/http/lanes.hpp"

namespace fanbench::coroutines {

/// What the calls of one run share.
struct Hedging {
  Hedging(const Lanes& its_lanes, const Scenario& its_scenario, Recorder& its_recorder)
      : lanes(its_lanes), scenario(its_scenario), recorder(its_recorder) {}

  /// False where there is none left.
  bool take_token() {
    std::uint32_t left = tokens;
    while (left > 0 && !tokens.compare_exchange_weak(left, left - 1)) {
    }
    return left > 0;
  }

  const Lanes& lanes;
  const Scenario& scenario;
  Recorder& recorder;
  std::atomic<std::uint32_t> tokens = scenario.copies;
  // page's, where it has one: what is cancelled then has timed out. hedged has none.
  Timer::time_point deadline = deadline_of(scenario, recorder);
};

inline Awaitable<void> make_copy(Hedging& run, CallId id, Attempt attempt) {
  co_await asio::this_coro::throw_if_cancelled(false);
  run.recorder.start(id, attempt);
  Reply reply = co_await run.lanes.of(id).client.get({run.scenario.run, id, attempt});
  if (reply.verdict == Verdict::cancelled && Timer::clock_type::now() >= run.deadline)
    reply.verdict = Verdict::timed_out;
  run.recorder.end(id, attempt, reply);
}

/// Where no token is left, only its cancellation ends the wait, and that throws.
inline Awaitable<void> make_copy_later(Hedging& run, CallId id) {
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  Timer timer(co_await asio::this_coro::executor);
  timer.expires_after(run.scenario.hedge_after);
  co_await timer.async_wait(asio::deferred);
  // The timer may have expired just before the first copy was answered: a token must not be lost to that.
  if (cancellation.cancelled() != asio::cancellation_type::none) co_return;
  if (!run.take_token()) {
    timer.expires_at(Timer::time_point::max());
    co_await timer.async_wait(asio::deferred);
  }
  co_await make_copy(run, id, 1);
}

inline Awaitable<void> hedged_call(Hedging& run, CallId id) {
  if (run.scenario.copies == 0) {
    auto only = make_copy(run, id, 0);
    co_await std::move(only);
  } else {
    auto first = make_copy(run, id, 0) || make_copy_later(run, id);
    co_await std::move(first);
  }
  run.recorder.settle(id);
}

}  // namespace fanbench::coroutines
