// The blocking native client: Beast over blocking sockets, with a pool of idle connections.
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>

#include "impls/http/authority.hpp"
#include "impls/http/idle_pool.hpp"
#include "impls/http/native/clients.hpp"
#include "impls/http/native/message.hpp"
#include "impls/http/native/websocket.hpp"

namespace fanbench::native {
namespace {

using asio::ip::tcp;

constexpr auto never = Until::Clock::time_point::max();

/// Blocking sockets know no deadline of their own: this waits for input before they read. What came while the
/// thread was late to wake comes too late.
bool readable_by(Socket& socket, Until::Clock::time_point deadline) {
  if (deadline == never) return true;
  pollfd events{.fd = socket.native_handle(), .events = POLLIN, .revents = 0};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Until::Clock::now());
    const int ready = left.count() > 0 ? ::poll(&events, 1, static_cast<int>(left.count())) : 0;
    if (ready == 0) return false;
    if (ready > 0) return Until::Clock::now() < deadline;  // at an error as well: reading tells
  }
}

class NativeBlocking final : public BlockingClient {
 public:
  explicit NativeBlocking(const Setup& setup)
      : server_(asio::ip::make_address(setup.host), setup.port),
        host_(authority_of(setup)),
        reuse_(setup.connection == fanbench::Connection::reuse) {}

  Reply get(const Request& request, const Until& until) override {
    if (until.deadline != never && until.deadline <= Until::Clock::now())
      return {.verdict = Verdict::timed_out};
    if (until.stop.stop_requested()) return {.verdict = Verdict::cancelled};
    Connection connection = idle_.take().value_or(Connection{.socket = Socket(sockets_)});
    ReplyParser parser(request.reader);
    const auto error = exchange(request, connection, parser, until);
    if (until.stop.stop_requested() && error) return {.verdict = Verdict::cancelled};
    if (error == asio::error::timed_out && until.deadline != never) return {.verdict = Verdict::timed_out};
    if (error) return {.verdict = Verdict::transport_error};
    if (reuse_ && reusable(parser, connection.buffer) && !until.stop.stop_requested())
      idle_.give_back(std::move(connection));
    return parser.reply();
  }
  std::unique_ptr<BlockingSocket> enter_room(std::uint64_t run, std::stop_token stop) override {
    std::optional<Connection> idle = idle_.take();
    return native::enter_room(idle ? std::move(idle->socket) : Socket(sockets_), server_, host_, run,
                              std::move(stop));
  }
  void warm(std::uint32_t connections) override {
    if (!reuse_) return;
    std::vector<Connection> open = idle_.take_all();
    while (open.size() < connections) {
      Connection connection{.socket = Socket(sockets_)};
      ReplyParser parser(nullptr);
      const auto error = exchange({}, connection, parser, {});
      if (error)
        throw std::runtime_error(fmt::format("cannot open a connection to {}: {}", host_, error.message()));
      if (parser.reply().verdict != Verdict::ok || !reusable(parser, connection.buffer))
        throw std::runtime_error(fmt::format("cannot keep a connection to {}", host_));
      open.push_back(std::move(connection));
    }
    for (Connection& connection : open) idle_.give_back(std::move(connection));
  }

 private:
  boost::system::error_code exchange(const Request& request, Connection& connection, ReplyParser& parser,
                                     const Until& until) {
    auto& [socket, buffer] = connection;
    boost::system::error_code error;
    const bool fresh = !socket.is_open();
    if (fresh) socket.open(server_.protocol(), error);
    if (error) return error;
    // A thread that is blocked on a socket returns when another one shuts the socket down. The callback's
    // destructor waits for it, so it never meets a socket that was closed or given to another call.
    const std::stop_callback give_up(until.stop,
                                     [fd = socket.native_handle()] { ::shutdown(fd, SHUT_RDWR); });
    if (until.stop.stop_requested()) return asio::error::operation_aborted;
    if (fresh) socket.connect(server_, error);
    if (!error && fresh) socket.set_option(tcp::no_delay(true), error);
    const auto message = message_of(request, host_);
    if (!error) asio::write(socket, asio::buffer(message.data(), message.size()), error);
    while (!error && !parser.whole()) {
      if (!readable_by(socket, until.deadline)) return asio::error::timed_out;
      const std::size_t bytes = socket.read_some(room_in(buffer), error);
      error = take(parser, buffer, bytes, error);
    }
    return error;
  }

  asio::io_context sockets_;  // never run: its sockets are used with blocking calls only
  tcp::endpoint server_;
  std::string host_;
  bool reuse_;
  IdlePool<Connection> idle_;
};

}  // namespace

std::unique_ptr<BlockingClient> make_blocking(const Setup& setup) {
  return std::make_unique<NativeBlocking>(setup);
}

}  // namespace fanbench::native
