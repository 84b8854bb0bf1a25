// The heartbeat on the loop: its ticks come as late as whatever else is to be done there.
#pragma once

#include <boost/asio/as_tuple.hpp>

#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {

/// Ticks until it is cancelled. A tick whose time the loop spent on other things comes late, the last of them
/// after the cancellation.
inline Awaitable<void> heartbeat(Recorder& recorder) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  Timer timer(co_await asio::this_coro::executor);
  for (std::uint32_t tick = 0;;) {
    timer.expires_at(recorder.beat_due(tick));
    const bool cancelled = cancellation.cancelled() != asio::cancellation_type::none;
    if (cancelled && timer.expiry() > Recorder::Clock::now()) co_return;
    auto [aborted] = co_await timer.async_wait(asio::as_tuple(asio::deferred));
    if (!aborted) recorder.beat(tick++);
  }
}

inline Awaitable<void> beside_heartbeat(Awaitable<void> work, Recorder& recorder) {
  auto first = std::move(work) || heartbeat(recorder);
  co_await std::move(first);
}

}  // namespace fanbench::coroutines
