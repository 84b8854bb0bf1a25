// The client of models whose calls hold up no thread: their replies come to handlers or to coroutines that
// wait in an event loop.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "impls/contract/model.hpp"
#include "impls/http/completion.hpp"
#include "impls/http/request.hpp"

namespace fanbench {

namespace asio = boost::asio;

/// An event loop as handlers and coroutines know it. Asio's default, any_io_executor, could be any kind of
/// loop, which costs each coroutine some hundred bytes and each operation some indirections.
using Loop = asio::io_context::executor_type;
template <class T>
using Awaitable = asio::awaitable<T, Loop>;
using Timer = asio::basic_waitable_timer<Recorder::Clock, asio::wait_traits<Recorder::Clock>, Loop>;

/// A member of a room. Its end closes the connection. For one coroutine at a time.
class AwaitableSocket {
 public:
  AwaitableSocket() = default;
  AwaitableSocket(const AwaitableSocket&) = delete;
  AwaitableSocket& operator=(const AwaitableSocket&) = delete;
  virtual ~AwaitableSocket() = default;

  /// To all others in the room; the text has to outlive it. False where the connection failed or the
  /// coroutine was cancelled.
  virtual Awaitable<bool> say(std::string_view text) = 0;
  /// What one of them says next, to be used before the next is awaited. Nothing where the connection has
  /// ended or the coroutine was cancelled.
  virtual Awaitable<std::optional<std::string_view>> hear() = 0;
};

/// For one thread, that of the loop which it was made with. Idle connections are shared by all its calls, the
/// last used first.
class AsyncClient {
 public:
  AsyncClient() = default;
  AsyncClient(const AsyncClient&) = delete;
  AsyncClient& operator=(const AsyncClient&) = delete;
  virtual ~AsyncClient() = default;

  /// An operation of Asio's: a handler given here is invoked with the reply, and a coroutine awaits what is
  /// returned without one. It ends when the reply is there, the connection failed (transport_error), or it
  /// was cancelled: then the connection is given up at once, and the verdict is cancelled. Only a call that
  /// is under way can be cancelled: a coroutine that goes on where it was cancelled
  /// (throw_if_cancelled(false)) must look before it calls. Handlers are invoked by the loop's thread,
  /// whatever executor they are bound to, and never before this returns.
  template <class Token = asio::deferred_t>
  auto get(const Request& request, Token&& token = {}) {
    return asio::async_initiate<Token, void(Reply)>(
        [this](auto handler, const Request& asked) {
          const auto cancellation = asio::get_associated_cancellation_slot(handler);
          start(asked, cancellation, Completion(std::move(handler)));
        },
        token, request);
  }
  /// A WebSocket in the room of this run, over an idle connection or a new one: who has it hears whatever
  /// others say from then on. Where the connection failed or the coroutine was cancelled, it has ended.
  /// Throws NotApplicable where the transport has no WebSockets.
  virtual Awaitable<std::unique_ptr<AwaitableSocket>> enter_room(std::uint64_t run) = 0;
  /// Opens connections until so many are idle; nothing where connections are not kept. To be awaited while no
  /// call is under way. Throws std::runtime_error where the server does not answer.
  virtual Awaitable<void> warm(std::uint32_t connections) = 0;

 protected:
  /// Kinds of cancellation that give a call up: it may have had effects on the server.
  static constexpr auto gives_up = asio::cancellation_type::terminal | asio::cancellation_type::partial;

  /// The call of get(). The slot may be of no signal; its handler is cleared before `done` is invoked.
  virtual void start(const Request& request, asio::cancellation_slot cancellation, Completion done) = 0;
  /// The same of another client, for those that are made of several.
  static void start_with(AsyncClient& client, const Request& request, asio::cancellation_slot cancellation,
                         Completion done) {
    client.start(request, cancellation, std::move(done));
  }
};

/// The client of the setup's transport. Throws std::invalid_argument where there is no such transport.
std::unique_ptr<AsyncClient> make_async_client(const Setup& setup, Loop loop);

}  // namespace fanbench
