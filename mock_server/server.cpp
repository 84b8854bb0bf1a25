// Listens, accepts and stops. What happens on a connection is in connection.cpp.
#include "mock_server/server.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <utility>

#include "mock_server/connection.hpp"

namespace fanbench {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr int accepts_at_once = 64;
constexpr std::chrono::milliseconds accept_backoff{20};

[[noreturn]] void fail(const std::string& what, const std::string& why) {
  throw std::runtime_error(fmt::format("{}: {}", what, why));
}

/// The kernel's refusals that will last until some descriptor or memory is free again.
bool is_shortage(const Error& error) {
  return error == asio::error::no_descriptors || error == asio::error::no_memory ||
         error == asio::error::no_buffer_space || error.value() == ENFILE;
}

}  // namespace

struct Server::Impl {
  explicit Impl(const ServerOptions& options) : drain(options.drain) {
    Error error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) fail(options.address, "expected an IP address, such as 127.0.0.1 or ::1");
    const tcp::endpoint endpoint(address, options.port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) acceptor.non_blocking(true, error);
    if (error) fail(fmt::format("{} port {}", options.address, options.port), error.message());
    loop.on_last_closed = [this] { context.stop(); };
    bound = acceptor.local_endpoint();
    wait_acceptable();
  }

  ~Impl() { loop.draining = false; }  // connections that are still open go with the context, and tell nobody

  void wait_acceptable() {
    acceptor.async_wait(tcp::acceptor::wait_read, [this](const Error& error) {
      if (!error) accept();
    });
  }

  /// Takes what is waiting, a bounded number so that replies stay in time.
  void accept() {
    for (int i = 0; i < accepts_at_once; ++i) {
      Socket socket(context);
      Error error;
      acceptor.accept(socket, error);
      if (error == asio::error::would_block) break;
      if (is_shortage(error)) return accept_later();
      if (!error) start(std::move(socket));  // else that client has gone already
    }
    wait_acceptable();
  }

  void start(Socket socket) {
    try {
      std::make_shared<Connection>(loop, std::move(socket))->start();
    } catch (const std::exception& error) {  // out of memory: this client is turned away, the server goes on
      fmt::print(stderr, "fanbench-server: a connection was refused: {}\n", error.what());
    }
  }

  void accept_later() {
    if (!std::exchange(shortage_reported, true)) {
      fmt::print(stderr, "fanbench-server: out of descriptors at {} connections; others wait\n",
                 loop.service.open_connections());
    }
    timer.expires_after(accept_backoff);
    timer.async_wait([this](const Error& error) {
      if (!error) wait_acceptable();
    });
  }

  void wait_signal() {
    signals.async_wait([this](const Error& error, int) {
      if (error) return;
      stop();
      wait_signal();
    });
  }

  void stop() {
    if (std::exchange(loop.draining, true)) return context.stop();
    Error ignored;
    acceptor.close(ignored);
    for (auto next = loop.connections.begin(); next != loop.connections.end();) (next++)->drain();
    if (loop.connections.empty()) return context.stop();
    timer.expires_after(drain);
    timer.async_wait([this](const Error& error) {
      if (!error) context.stop();
    });
  }

  std::chrono::milliseconds drain;
  Loop loop;                    // before the context, which destroys the connections
  asio::io_context context{1};  // a hint: one thread runs it
  asio::basic_socket_acceptor<tcp, Executor> acceptor{context};
  asio::basic_signal_set<Executor> signals{context};
  Timer timer{context};  // until accepting is tried again, or until draining is over
  tcp::endpoint bound;
  bool shortage_reported = false;
};

Server::Server(const ServerOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Server::~Server() = default;

std::string Server::address() const { return impl_->bound.address().to_string(); }
std::uint16_t Server::port() const { return impl_->bound.port(); }
bool Server::loopback() const { return impl_->bound.address().is_loopback(); }

void Server::stop_on_signals() {
  impl_->signals.add(SIGINT);
  impl_->signals.add(SIGTERM);
  impl_->wait_signal();
}

void Server::run() {
  for (;;) {
    try {
      impl_->context.run();
      return;
    } catch (const std::exception& error) {  // its connection has been closed: the others are served on
      fmt::print(stderr, "fanbench-server: a connection was dropped: {}\n", error.what());
    }
  }
}

void Server::stop() {
  asio::post(impl_->context, [impl = impl_.get()] { impl->stop(); });
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace fanbench
