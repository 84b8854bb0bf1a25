// Listens, accepts, shares the connections out among its threads, and stops.
#include "mock_server/net/server.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "mock_server/net/stamped_input.hpp"
#include "mock_server/net/websocket_rooms.hpp"
#include "mock_server/net/worker.hpp"

namespace fanbench::server {
namespace {

namespace asio = boost::asio;
using Error = boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr int accepts_at_once = 64;
constexpr std::chrono::milliseconds accept_backoff{20};
// Descriptors that are not for connections; and of those that are too many, how many get to read so.
constexpr std::size_t reserved_descriptors = 24, turned_away_at_once = 16;

[[noreturn]] void fail(const std::string& what, const std::string& why) {
  throw std::runtime_error(fmt::format("{}: {}", what, why));
}

/// The kernel's refusals that will last until some descriptor or memory is free again.
bool is_shortage(const Error& error) {
  return error == asio::error::no_descriptors || error == asio::error::no_memory ||
         error == asio::error::no_buffer_space || error.value() == ENFILE;
}

std::size_t connections_that_fit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t others = reserved_descriptors + turned_away_at_once;
  return limit.rlim_cur > 2 * others ? limit.rlim_cur - others : others;
}

}  // namespace

struct Server::Impl {
  explicit Impl(const ServerOptions& given) : options(given), workers(make_workers()) {
    if (options.max_connections == 0) options.max_connections = connections_that_fit();
    listen();
    wait_acceptable();
  }

  ~Impl() {
    for (const auto& worker : workers) worker->close_all();
    rooms.clear();
  }

  std::vector<std::unique_ptr<Worker>> make_workers() {
    std::vector<std::unique_ptr<Worker>> made;
    for (std::size_t i = 0; i < options.threads; ++i)
      made.push_back(std::make_unique<Worker>(shared, rooms, options));
    return made;
  }

  void listen() {
    Error error;
    const auto ip = asio::ip::make_address(options.address, error);
    if (error) fail(options.address, "expected an IP address, such as 127.0.0.1 or ::1");
    const tcp::endpoint endpoint(ip, options.port);
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    ask_for_stamps(acceptor.native_handle());
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) acceptor.non_blocking(true, error);
    if (error) fail(fmt::format("{} port {}", options.address, options.port), error.message());
    bound = acceptor.local_endpoint();
  }

  asio::io_context& context() { return workers.front()->context(); }

  void wait_acceptable() {
    acceptor.async_wait(tcp::acceptor::wait_read, [this](const Error& error) {
      if (!error) accept();
    });
  }

  /// Takes what is waiting, a bounded number so that replies stay in time.
  void accept() {
    for (int i = 0; i < accepts_at_once; ++i) {
      Worker& worker = *workers[next_worker];
      Socket socket(worker.context());
      Error error;
      acceptor.accept(socket, error);
      if (error == asio::error::would_block) break;
      if (is_shortage(error)) return accept_later();
      if (error) continue;  // that client has gone already
      next_worker = (next_worker + 1) % workers.size();
      hand_over(worker, std::move(socket));
    }
    wait_acceptable();
  }

  void hand_over(Worker& worker, Socket socket) {
    const std::size_t open = shared.open_connections;
    if (open >= options.max_connections + turned_away_at_once) {  // closed without a word
      workers.front()->stats().connections_refused.add();
      return;
    }
    const bool too_many = open >= options.max_connections;
    const Ledger::ConnectionNumber number = shared.next_connection++;
    workers.front()->stats().connections_accepted.add();
    if (&worker == workers.front().get()) return worker.adopt(std::move(socket), number, too_many);
    asio::post(worker.context(), [&worker, socket = std::move(socket), number, too_many]() mutable {
      worker.adopt(std::move(socket), number, too_many);
    });
  }

  void accept_later() {
    if (!std::exchange(shortage_reported, true)) {
      fmt::print(stderr, "fanbench-server: out of descriptors at {} connections; others wait\n",
                 shared.open_connections.load());
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
    Error ignored;
    acceptor.close(ignored);
    timer.cancel();
    // Ours last: what else of this thread is to be done goes on until then.
    for (auto worker = workers.rbegin(); worker != workers.rend(); ++worker) {
      asio::post((*worker)->context(), [w = worker->get(), limit = options.drain] { w->drain(limit); });
    }
  }

  void run() {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < workers.size(); ++i) {
      others.emplace_back([worker = workers[i].get()] { worker->run(); });
    }
    workers.front()->run();
  }

  ServerOptions options;
  SharedState shared;
  WebSocketRooms rooms;
  std::vector<std::unique_ptr<Worker>> workers;  // at least one
  std::size_t next_worker = 0;
  bool shortage_reported = false;
  tcp::endpoint bound{};
  // Of the first worker's thread.
  asio::basic_socket_acceptor<tcp, Executor> acceptor{context()};
  asio::basic_signal_set<Executor> signals{context()};
  Timer timer{context()};  // until accepting is tried again
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

void Server::run() { impl_->run(); }

void Server::stop() {
  asio::post(impl_->context(), [impl = impl_.get()] { impl->stop(); });
}

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace fanbench::server
