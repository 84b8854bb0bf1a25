// fanbench-load: makes calls at set times, however the server is doing, for benchmark.py. Open loop: a late
// reply delays no other call.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "mock_server/plan/plan.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using fanbench::CallId;
using fanbench::Nanoseconds;

struct Options {
  std::uint16_t port = 0;
  std::uint64_t run = 0;
  std::size_t connections = 0, calls = 0;
  std::string delay, spacing;
  bool together = false;
};

struct Call {
  CallId id;
  Nanoseconds at;  // since the start
};

/// Calls evenly spread; or, `together`, at such times that all replies are due in one instant.
std::vector<Call> schedule(const Options& options) {
  std::vector<Call> calls;
  const Nanoseconds spacing = fanbench::parse_duration(options.spacing);
  fanbench::Plan plan;
  plan.delay = fanbench::parse_delay(options.delay);
  Nanoseconds longest{};
  for (std::size_t i = 0; i < options.calls; ++i) {
    const auto id = static_cast<CallId>(i);
    const Nanoseconds delay = options.together ? fanbench::planned_reply(plan, id, 0).delay : Nanoseconds{};
    longest = std::max(longest, delay);
    calls.push_back({id, options.together ? -delay : spacing * static_cast<std::int64_t>(i)});
  }
  for (Call& call : calls) call.at += longest;
  std::sort(calls.begin(), calls.end(), [](const Call& a, const Call& b) { return a.at < b.at; });
  return calls;
}

int open_connection(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error(fmt::format("connecting to port {}: {}", port, std::strerror(errno)));
  }
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

/// Until one has come on every connection. Left unread they would fill the kernel's memory, which slows the
/// server that sends them.
void read_replies(const std::vector<int>& connections) {
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  for (const int fd : connections) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) throw std::runtime_error(std::strerror(errno));
  }
  char reply[4096];
  epoll_event events[256];
  for (std::size_t left = connections.size(); left > 0;) {
    const int ready = epoll_wait(poll, events, 256, 0);  // asleep, it would cost the server wake-ups
    for (int i = 0; i < ready; ++i) {
      if (recv(events[i].data.fd, reply, sizeof reply, MSG_DONTWAIT) < 0) continue;
      epoll_ctl(poll, EPOLL_CTL_DEL, events[i].data.fd, nullptr);
      --left;
    }
  }
  close(poll);
}

/// Where calls are spread, replies are read before the connection is used again: the ledger tells what there
/// is to know of them.
void make_calls(const Options& options) {
  std::vector<int> connections;
  while (connections.size() < options.connections) connections.push_back(open_connection(options.port));
  const std::vector<Call> calls = schedule(options);
  char reply[4096];
  Nanoseconds latest{};
  const auto start = Clock::now() + std::chrono::milliseconds(50);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const int fd = connections[i % connections.size()];
    while (recv(fd, reply, sizeof reply, MSG_DONTWAIT) > 0) {
    }
    const std::string request =
        fmt::format("GET /runs/{}/calls/{} HTTP/1.1\r\nHost: localhost\r\n\r\n", options.run, calls[i].id);
    std::this_thread::sleep_until(start + calls[i].at - std::chrono::microseconds(60));
    while (Clock::now() < start + calls[i].at) {  // the kernel wakes sleepers some 50 µs late
    }
    latest = std::max<Nanoseconds>(latest, Clock::now() - start - calls[i].at);
    if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) < 0)
      throw std::runtime_error(std::strerror(errno));
  }
  fmt::print("{{\"latest_start_us\":{:.1f}}}\n", static_cast<double>(latest.count()) / 1000);
  std::fflush(stdout);
  if (options.together) read_replies(connections);
  getchar();  // benchmark.py looks at the server meanwhile
  for (const int fd : connections) close(fd);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Makes calls at set times.", "fanbench-load");
  app.add_option("--port", options.port)->required();
  app.add_option("--run", options.run)->required();
  app.add_option("--connections", options.connections)->required();
  app.add_option("--calls", options.calls)->required();
  app.add_option("--spacing", options.spacing, "between two calls")->default_val("0");
  app.add_option("--delay", options.delay, "of the plan")->default_val("0");
  app.add_flag("--together", options.together, "all replies are due in one instant");
  CLI11_PARSE(app, argc, argv);
  try {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    make_calls(options);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "fanbench-load: {}\n", error.what());
    return 1;
  }
}
