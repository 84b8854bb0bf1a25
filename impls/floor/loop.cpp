// The floor's loop: a send, an epoll_wait that serves many calls, and a recv for each call; no more.
#include "impls/floor/loop.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <system_error>

#include "impls/floor/reply.hpp"

namespace fanbench::floor {
namespace {

constexpr Reply failure{.verdict = Verdict::transport_error};

}  // namespace

Loop::Loop(const Setup& setup)
    : host_(fmt::format("{}:{}", setup.host, setup.port)),
      reuse_(setup.connection == fanbench::Connection::reuse),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (setup.transport != own_transport) throw NotApplicable("the floor has no client but its own");
  if (epoll_.get() < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  server_.sin_family = AF_INET;
  server_.sin_port = htons(setup.port);
  if (inet_pton(AF_INET, setup.host.c_str(), &server_.sin_addr) != 1) {
    throw NotApplicable(fmt::format("the floor speaks IPv4 only, and the server is {}", setup.host));
  }
}

void Loop::fan_out(const Scenario& scenario, Recorder& recorder, std::uint32_t at_once) {
  CallId next = 0;
  std::uint32_t open = 0;
  const auto begin_more = [&] {
    while (open < at_once && next < scenario.calls) open += begin(scenario, next++, recorder) ? 1 : 0;
  };
  begin_more();
  std::array<epoll_event, 256> events;
  while (open > 0) {
    const int ready = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    if (ready < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "epoll_wait");
    for (int i = 0; i < ready; ++i) {
      Connection& connection = connections_[static_cast<std::size_t>(events[i].data.fd)];
      if (!advance(connection, scenario, recorder)) continue;
      --open;
      begin_more();
    }
  }
}

void Loop::warm(std::uint32_t connections) {
  if (!reuse_) return;
  std::vector<CallRecord> records(connections);
  Recorder recorder(records);
  fan_out({.calls = connections}, recorder, connections);  // each has a connection before any has ended
  if (!std::ranges::all_of(records, [](const CallRecord& r) { return r.verdict == Verdict::ok; }))
    throw std::runtime_error(fmt::format("cannot open connections to {}", host_));
}

bool Loop::begin(const Scenario& scenario, CallId id, Recorder& recorder) {
  recorder.start(id);
  int fd = -1;
  if (!idle_.empty()) {
    fd = idle_.back();
    idle_.pop_back();
  } else if (fd = connect(); fd < 0) {
    recorder.finish(id, failure);
    return false;
  }
  Connection& connection = connections_[static_cast<std::size_t>(fd)];
  connection.call = id;
  return connection.connecting || !send(connection, scenario, recorder);
}

/// A connection that is under way, and watched for good: by edges, so that no call needs an epoll_ctl.
int Loop::connect() {
  UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return -1;
  const int on = 1, number = fd.get();
  setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const bool done = ::connect(number, reinterpret_cast<const sockaddr*>(&server_), sizeof server_) == 0;
  if (!done && errno != EINPROGRESS) return -1;
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.fd = number}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, number, &event) != 0) return -1;
  const auto index = static_cast<std::size_t>(number);
  if (connections_.size() <= index) connections_.resize(index + 1);
  connections_[index] = {.fd = std::move(fd), .connecting = !done};
  return number;
}

bool Loop::advance(Connection& connection, const Scenario& scenario, Recorder& recorder) {
  if (connection.connecting) {
    connection.connecting = false;
    return send(connection, scenario, recorder);
  }
  // Nothing comes on an idle connection, unless the server gives it up: the next send will tell.
  return connection.call != Recorder::none && receive(connection, recorder);
}

/// True where the call has ended, for it could not be sent: so few bytes are always taken at once.
bool Loop::send(Connection& connection, const Scenario& scenario, Recorder& recorder) {
  const auto message = message_of({.run = scenario.run, .id = connection.call}, host_);
  const auto sent = ::send(connection.fd.get(), message.data(), message.size(), MSG_NOSIGNAL);
  return sent != static_cast<ssize_t>(message.size()) && end(connection, failure, false, recorder);
}

bool Loop::receive(Connection& connection, Recorder& recorder) {
  std::array<char, 16 * 1024> bytes;
  for (;;) {
    const auto count = recv(connection.fd.get(), bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) return end(connection, failure, false, recorder);
    const std::string_view piece(bytes.data(), static_cast<std::size_t>(count));
    const bool whole = connection.received.empty();
    if (!whole) connection.received += piece;
    if (const auto parsed = parse(whole ? piece : connection.received)) {
      return end(connection, parsed->reply, parsed->keep_alive, recorder);
    }
    if (whole) connection.received = piece;
  }
}

bool Loop::end(Connection& connection, const Reply& reply, bool reusable, Recorder& recorder) {
  recorder.finish(std::exchange(connection.call, Recorder::none), reply);
  connection.received.clear();
  if (reuse_ && reusable) {
    idle_.push_back(connection.fd.get());
  } else {
    connection.fd.reset();
  }
  return true;
}

}  // namespace fanbench::floor
