// A coroutine and the loop on which it will run, and how it is started from another loop.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <memory>
#include <utility>

#include "impls/http/async.hpp"

namespace fanbench::coroutines {

/// A coroutine that starts when its group does, on a loop or a pool of threads.
template <class Executor>
struct PreparedOn {
  Executor executor;
  asio::awaitable<void, Executor> coroutine;
};
using Prepared = PreparedOn<Loop>;

/// Starts a coroutine that can be cancelled from here. On another loop it has a signal of its own, which both
/// keep: what it is told, and that it has ended, cross from loop to loop, maybe at the same time. (co_spawn
/// of Asio 1.81 can do that, too, but may use its signal when that is gone.)
struct StartFrom {
  Loop here;

  template <class Handler>
  void operator()(Handler handler, Prepared prepared) const {
    const Loop there = prepared.executor;
    if (there == here) return asio::co_spawn(there, std::move(prepared.coroutine), std::move(handler));
    const auto signal = std::make_shared<asio::cancellation_signal>();
    if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
      slot.assign([signal, there](asio::cancellation_type how) {
        asio::post(there, [signal, how] { signal->emit(how); });
      });
    }
    auto ended = [signal, to = here, handler = std::move(handler)](std::exception_ptr thrown) mutable {
      asio::post(to, [handler = std::move(handler), thrown]() mutable { std::move(handler)(thrown); });
    };
    asio::co_spawn(there, std::move(prepared.coroutine),
                   asio::bind_cancellation_slot(signal->slot(), std::move(ended)));
  }
};
/// The same as an operation, which a group starts.
inline auto operation_of(const Loop& here, Prepared prepared) {
  asio::deferred_t later;
  return asio::async_initiate<asio::deferred_t, void(std::exception_ptr)>(StartFrom{here}, later,
                                                                          std::move(prepared));
}

}  // namespace fanbench::coroutines
