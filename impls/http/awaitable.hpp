// The client of models that await their calls on an event loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string_view>

#include "impls/contract/model.hpp"
#include "impls/http/request.hpp"

namespace fanbench {

namespace asio = boost::asio;

/// An event loop as coroutines know it. Asio's default, any_io_executor, could be any kind of loop, which
/// costs each coroutine some hundred bytes and each operation some indirections.
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

/// For one thread: calls are made from coroutines of the loop that it was made with. Idle connections are
/// shared by all of them, the last used first.
class AwaitableClient {
 public:
  AwaitableClient() = default;
  AwaitableClient(const AwaitableClient&) = delete;
  AwaitableClient& operator=(const AwaitableClient&) = delete;
  virtual ~AwaitableClient() = default;

  /// Ends when the reply is there, the connection failed (transport_error), or the coroutine was cancelled:
  /// then the connection is given up at once and the verdict is cancelled. Throws only for a broken set-up.
  virtual Awaitable<Reply> get(Request request) = 0;
  /// A WebSocket in the room of this run, over an idle connection or a new one: who has it hears whatever
  /// others say from then on. Where the connection failed or the coroutine was cancelled, it has ended.
  /// Throws NotApplicable where the transport has no WebSockets.
  virtual Awaitable<std::unique_ptr<AwaitableSocket>> enter_room(std::uint64_t run) = 0;
  /// Opens connections until so many are idle; nothing where connections are not kept. To be awaited while no
  /// call is under way. Throws std::runtime_error where the server does not answer.
  virtual Awaitable<void> warm(std::uint32_t connections) = 0;
};

/// The client of the setup's transport. Throws std::invalid_argument where there is no such transport.
std::unique_ptr<AwaitableClient> make_awaitable_client(const Setup& setup, Loop loop);

}  // namespace fanbench
