// Beast's WebSocket stream, awaited or blocked in. Without compression; it ends with its connection, without
// a closing handshake, as whoever ends it wants no answer.
#include "impls/http/native/websocket.hpp"

#include <sys/socket.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <optional>
#include <utility>

namespace fanbench::native {
namespace {

namespace websocket = beast::websocket;
using asio::ip::tcp;
using Stream = websocket::stream<Socket, false>;
constexpr auto token = asio::as_tuple(asio::deferred);

std::string room_of(std::uint64_t run) { return fmt::format("/runs/{}/ws/broadcast", run); }

std::string_view text_in(const beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

class NativeAwaitableSocket final : public AwaitableSocket {
 public:
  explicit NativeAwaitableSocket(Socket socket) : stream_(std::move(socket)) {
    stream_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::client));
  }

  Awaitable<void> enter(const tcp::endpoint& server, const std::string& host, const std::string& room) {
    co_await asio::this_coro::throw_if_cancelled(false);
    if (!stream_.next_layer().is_open()) {
      auto [error] = co_await stream_.next_layer().async_connect(server, token);
      if (error) co_return;
      stream_.next_layer().set_option(tcp::no_delay(true));
    }
    auto [error] = co_await stream_.async_handshake(host, room, token);
    entered_ = !error;
  }
  Awaitable<bool> say(std::string_view text) override {
    co_await asio::this_coro::throw_if_cancelled(false);
    if (!entered_) co_return false;
    auto [error, bytes] = co_await stream_.async_write(asio::buffer(text), token);
    co_return !error;
  }
  Awaitable<std::optional<std::string_view>> hear() override {
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    // One that comes between two messages finds nothing under way to end.
    if (!entered_ || cancellation.cancelled() != asio::cancellation_type::none) co_return std::nullopt;
    buffer_.clear();
    auto [error, bytes] = co_await stream_.async_read(buffer_, token);
    if (error) co_return std::nullopt;
    co_return text_in(buffer_);
  }

 private:
  Stream stream_;
  beast::flat_buffer buffer_;
  bool entered_ = false;
};

/// A thread that is blocked on a socket returns when another one shuts the socket down.
struct ShutDown {
  int socket;
  void operator()() const noexcept { ::shutdown(socket, SHUT_RDWR); }
};

class NativeBlockingSocket final : public BlockingSocket {
 public:
  NativeBlockingSocket(Socket socket, const std::stop_token& stop)
      : stream_(std::move(socket)), give_up_(stop, ShutDown{stream_.next_layer().native_handle()}) {}

  void enter(const tcp::endpoint* server, const std::string& host, const std::string& room,
             const std::stop_token& stop) {
    Error error;
    if (server) stream_.next_layer().connect(*server, error);
    if (server && !error) stream_.next_layer().set_option(tcp::no_delay(true), error);
    if (stop.stop_requested()) return;  // perhaps before there was a connection to shut down
    if (!error) stream_.handshake(host, room, error);
    entered_ = !error;
  }
  bool say(std::string_view text) override {
    if (!entered_) return false;
    Error error;
    stream_.write(asio::buffer(text), error);
    return !error;
  }
  std::optional<std::string_view> hear() override {
    if (!entered_) return std::nullopt;
    Error error;
    buffer_.clear();
    stream_.read(buffer_, error);
    if (error) return std::nullopt;
    return text_in(buffer_);
  }

 private:
  Stream stream_;
  beast::flat_buffer buffer_;
  bool entered_ = false;
  std::stop_callback<ShutDown> give_up_;  // goes first: it never meets a socket that is closed
};

}  // namespace

Awaitable<std::unique_ptr<AwaitableSocket>> enter_room(Socket socket, const tcp::endpoint& server,
                                                       const std::string& host, std::uint64_t run) {
  auto entering = std::make_unique<NativeAwaitableSocket>(std::move(socket));
  const std::string room = room_of(run);
  co_await entering->enter(server, host, room);
  co_return std::move(entering);
}

std::unique_ptr<BlockingSocket> enter_room(Socket socket, const tcp::endpoint& server,
                                           const std::string& host, std::uint64_t run, std::stop_token stop) {
  const bool fresh = !socket.is_open();
  Error error;
  if (fresh) socket.open(server.protocol(), error);  // where that fails, so does all that follows
  auto entering = std::make_unique<NativeBlockingSocket>(std::move(socket), stop);
  entering->enter(fresh ? &server : nullptr, host, room_of(run), stop);
  return entering;
}

}  // namespace fanbench::native
