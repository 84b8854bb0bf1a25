// A coroutine spawns the calls as they come, until the loop has the signal; then the group of calls races a
// timer, and what is left of it is cancelled, call by call.
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <deque>

#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {
namespace {

/// The thread of the first loop is the one to be interrupted by the signal, which all others block.
class Interruptible {
 public:
  Interruptible() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    ::pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;
  ~Interruptible() { ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr); }

 private:
  sigset_t signals_{};
};

/// Those that were begun, and the means to cancel each.
struct Calls {
  Join join;
  std::deque<asio::cancellation_signal> cancellations{};
  CallId next = 0;
};

Awaitable<void> accept(const Lanes& lanes, const Scenario& scenario, Calls& calls, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  Timer timer(loop);
  for (; calls.next < scenario.calls; ++calls.next) {
    timer.expires_at(recorder.began() + calls.next * scenario.interval);
    co_await timer.async_wait(asio::deferred);
    recorder.ready(calls.next);
    ++calls.join.running;
    const auto slot = calls.cancellations.emplace_back().slot();
    const auto& [there, client] = lanes.of(calls.next);
    Prepared one{there, call(client, {scenario.run, calls.next}, recorder)};
    StartFrom{loop}(asio::bind_cancellation_slot(slot, CountDown{calls.join}), std::move(one));
  }
  timer.expires_at(Timer::time_point::max());
  co_await timer.async_wait(asio::deferred);
}

}  // namespace

Awaitable<void> drain(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  if (scenario.calls == 0) co_return;
  const auto loop = co_await asio::this_coro::executor;
  Calls calls{.join = {.running = 0, .ended = Timer(loop, Timer::time_point::max())}};
  asio::basic_signal_set<Loop> signals(loop, SIGTERM);
  const Interruptible here;
  auto told = accept(lanes, scenario, calls, recorder) || signals.async_wait(as_coroutine);
  co_await std::move(told);
  auto over = within(Timer::clock_type::now() + scenario.grace, wait_for(calls.join));
  co_await std::move(over);
  for (auto& cancellation : calls.cancellations) cancellation.emit(asio::cancellation_type::terminal);
  co_await wait_for(calls.join);
  recorder.leave_out(calls.next, scenario.calls);
}

}  // namespace fanbench::coroutines
