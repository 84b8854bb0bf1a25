// The awaitable native client: Beast over Asio sockets, with a pool of idle connections.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <vector>

#include "impls/http/authority.hpp"
#include "impls/http/native/clients.hpp"
#include "impls/http/native/message.hpp"
#include "impls/http/native/websocket.hpp"

namespace fanbench::native {
namespace {

using asio::ip::tcp;
constexpr auto token = asio::as_tuple(asio::deferred);

class NativeAwaitable final : public AwaitableClient {
 public:
  NativeAwaitable(const Setup& setup, Loop loop)
      : loop_(std::move(loop)),
        server_(asio::ip::make_address(setup.host), setup.port),
        host_(authority_of(setup)),
        reuse_(setup.connection == fanbench::Connection::reuse) {}

  Awaitable<Reply> get(Request request) override {
    // Cancellation ends the operation under way with an error code; it must not throw as well.
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    const auto cancelled = [&cancellation] {
      return cancellation.cancelled() != asio::cancellation_type::none;
    };
    const auto failure = [&cancelled] {
      return Reply{.verdict = cancelled() ? Verdict::cancelled : Verdict::transport_error};
    };
    if (cancelled()) co_return failure();

    std::unique_ptr<Connection> connection = take_idle();
    if (!connection) {
      connection.reset(new Connection{.socket = Socket(loop_)});
      const bool opened = co_await open(connection->socket);
      if (!opened || cancelled()) co_return failure();
    }
    Error error;
    {  // its end frees the message: not one for each call that waits
      // Tried before it is waited for: so few bytes the socket nearly always takes at once.
      const std::string message = message_of(request, host_);
      const std::size_t sent = connection->socket.write_some(asio::buffer(message), error);
      if (sent < message.size()) {
        const bool all = co_await send(connection->socket, asio::buffer(message) + sent);
        if (!all) co_return failure();
      }
    }

    ReplyParser parser(request.reader);
    auto& buffer = connection->buffer;
    while (!parser.whole()) {
      // An operation that is already done when the cancellation comes does not fail: the next would not be
      // cancelled.
      if (cancelled()) co_return failure();
      auto [ended, bytes] = co_await connection->socket.async_read_some(room_in(buffer), token);
      if (take(parser, buffer, bytes, ended)) co_return failure();
    }
    if (reuse_ && reusable(parser, buffer)) idle_.push_back(std::move(connection));
    co_return parser.reply();
  }
  Awaitable<std::unique_ptr<AwaitableSocket>> enter_room(std::uint64_t run) override {
    std::unique_ptr<Connection> idle = take_idle();
    return native::enter_room(idle ? std::move(idle->socket) : Socket(loop_), server_, host_, run);
  }
  Awaitable<void> warm(std::uint32_t connections) override {
    if (!reuse_) co_return;
    std::vector<std::unique_ptr<Connection>> open = std::exchange(idle_, {});
    while (open.size() < connections) {
      const Reply reply = co_await get({});  // none is idle, so it opens one
      if (reply.verdict != Verdict::ok || idle_.empty())
        throw std::runtime_error(fmt::format("cannot open a connection to {}", host_));
      open.push_back(std::move(idle_.back()));
      idle_.pop_back();
    }
    idle_ = std::move(open);
  }

 private:
  // What is seldom done has coroutines of its own: a call that waits for its reply does not hold their
  // memory.
  Awaitable<bool> open(Socket& socket) {
    auto [error] = co_await socket.async_connect(server_, token);
    if (error) co_return false;
    socket.set_option(tcp::no_delay(true));
    socket.non_blocking(true);
    co_return true;
  }
  Awaitable<bool> send(Socket& socket, asio::const_buffer rest) {
    auto [error, sent] = co_await asio::async_write(socket, rest, token);
    co_return !error;
  }

  std::unique_ptr<Connection> take_idle() {
    if (idle_.empty()) return nullptr;
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }

  Loop loop_;
  tcp::endpoint server_;
  std::string host_;
  bool reuse_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace

std::unique_ptr<AwaitableClient> make_awaitable(const Setup& setup, Loop loop) {
  return std::make_unique<NativeAwaitable>(setup, std::move(loop));
}

}  // namespace fanbench::native
