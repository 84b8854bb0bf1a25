// The asynchronous native client: Beast's parser over Asio's sockets, with a pool of idle connections.
#include <boost/asio/write.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "impls/http/authority.hpp"
#include "impls/http/native/clients.hpp"
#include "impls/http/native/message.hpp"
#include "impls/http/native/websocket.hpp"

namespace fanbench::native {
namespace {

using asio::ip::tcp;

/// A connection, and the call that is under way on it.
struct Exchange {
  explicit Exchange(const Loop& loop) : connection{.socket = Socket(loop)} {}

  Connection connection;
  std::optional<ReplyParser> parser{};
  asio::cancellation_slot cancellation{};
  bool cancelled = false;
  Completion done{};
};

/// Whose operation is under way owns the exchange, from handler to handler.
class NativeAsync final : public AsyncClient {
  using Owned = std::unique_ptr<Exchange>;

 public:
  NativeAsync(const Setup& setup, Loop loop)
      : loop_(std::move(loop)),
        server_(asio::ip::make_address(setup.host), setup.port),
        host_(authority_of(setup)),
        reuse_(setup.connection == fanbench::Connection::reuse) {}

  Awaitable<std::unique_ptr<AwaitableSocket>> enter_room(std::uint64_t run) override {
    const Owned idle = take_idle();
    return native::enter_room(idle ? std::move(idle->connection.socket) : Socket(loop_), server_, host_, run);
  }
  Awaitable<void> warm(std::uint32_t connections) override {
    if (!reuse_) co_return;
    std::vector<Owned> open = std::exchange(idle_, {});
    while (open.size() < connections) {
      const Reply reply = co_await get({});  // none is idle, so it opens one
      if (reply.verdict != Verdict::ok || idle_.empty())
        throw std::runtime_error(fmt::format("cannot open a connection to {}", host_));
      open.push_back(std::move(idle_.back()));
      idle_.pop_back();
    }
    idle_ = std::move(open);
  }

 protected:
  void start(const Request& request, asio::cancellation_slot cancellation, Completion done) override {
    Owned owned = take_idle();
    const bool open = owned != nullptr;
    if (!open) owned = std::make_unique<Exchange>(loop_);
    Exchange& exchange = *owned;
    exchange.parser.emplace(request.reader);
    exchange.done = std::move(done);
    exchange.cancelled = false;
    exchange.cancellation = cancellation;
    if (cancellation.is_connected()) cancellation.assign(Cancel{exchange});
    open ? send(std::move(owned), request) : connect(std::move(owned), request);
  }

 private:
  /// Ends the operation under way with an error. One that is already done does not fail, hence the flag.
  struct Cancel {
    Exchange& exchange;

    void operator()(asio::cancellation_type type) const {
      if ((type & gives_up) == asio::cancellation_type::none) return;
      exchange.cancelled = true;
      Error ignored;
      exchange.connection.socket.cancel(ignored);
    }
  };

  void connect(Owned owned, const Request& request) {
    Socket& socket = owned->connection.socket;
    socket.async_connect(server_, [this, owned = std::move(owned), request](Error error) mutable {
      if (error || owned->cancelled) return fail(std::move(owned));
      Socket& connected = owned->connection.socket;
      connected.set_option(tcp::no_delay(true), error);
      connected.non_blocking(true, error);
      send(std::move(owned), request);
    });
  }
  void send(Owned owned, const Request& request) {
    // Tried before it is waited for: so few bytes the socket nearly always takes at once.
    Socket& socket = owned->connection.socket;
    const auto message = message_of(request, host_);
    Error error;
    const std::size_t sent = socket.write_some(asio::buffer(message.data(), message.size()), error);
    if (sent == message.size()) return receive(std::move(owned));
    auto rest = std::make_unique<std::string>(message.data() + sent, message.size() - sent);
    const auto bytes = asio::buffer(*rest);
    asio::async_write(
        socket, bytes,
        [this, owned = std::move(owned), rest = std::move(rest)](Error failed, std::size_t) mutable {
          failed || owned->cancelled ? fail(std::move(owned)) : receive(std::move(owned));
        });
  }
  void receive(Owned owned) {
    Connection& connection = owned->connection;
    const auto room = room_in(connection.buffer);
    connection.socket.async_read_some(
        room, [this, owned = std::move(owned)](Error ended, std::size_t bytes) mutable {
          Exchange& exchange = *owned;
          if (take(*exchange.parser, exchange.connection.buffer, bytes, ended)) return fail(std::move(owned));
          if (exchange.parser->whole()) return end(std::move(owned));
          exchange.cancelled ? fail(std::move(owned)) : receive(std::move(owned));
        });
  }

  void end(Owned owned) {
    const Reply reply = owned->parser->reply();
    const bool kept = reuse_ && reusable(*owned->parser, owned->connection.buffer);
    Completion done = done_of(*owned);
    if (kept) idle_.push_back(std::move(owned));
    owned.reset();
    std::move(done)(reply);
  }
  void fail(Owned owned) {
    const Reply reply{.verdict = owned->cancelled ? Verdict::cancelled : Verdict::transport_error};
    Completion done = done_of(*owned);
    owned.reset();  // closes the connection
    std::move(done)(reply);
  }
  /// The call cannot be cancelled any more.
  static Completion done_of(Exchange& exchange) {
    if (exchange.cancellation.is_connected()) exchange.cancellation.clear();
    return std::move(exchange.done);
  }

  Owned take_idle() {
    if (idle_.empty()) return nullptr;
    Owned exchange = std::move(idle_.back());
    idle_.pop_back();
    return exchange;
  }

  Loop loop_;
  tcp::endpoint server_;
  std::string host_;
  bool reuse_;
  std::vector<Owned> idle_;
};

}  // namespace

std::unique_ptr<AsyncClient> make_async(const Setup& setup, Loop loop) {
  return std::make_unique<NativeAsync>(setup, std::move(loop));
}

}  // namespace fanbench::native
