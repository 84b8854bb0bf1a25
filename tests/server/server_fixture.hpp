// A server in the same process, so that the sanitizers see both sides, and a client that can also misbehave.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>

#include "mock_server/net/server.hpp"
#include "mock_server/plan/plan.hpp"

namespace fanbench::server {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

/// Longer than anything here takes, short enough to fail before CTest's own limit.
inline constexpr std::chrono::seconds patience{30};

struct HttpReply {
  int status = 0;
  std::string head, body;
  std::string field(const std::string& name) const {
    const auto at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const auto begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

/// A blocking client that can also misbehave.
class Client {
 public:
  explicit Client(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{.tv_sec = patience.count(), .tv_usec = 0};
    const int on = 1;
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  Client(Client&& other) noexcept : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
  Client& operator=(Client&&) = delete;
  ~Client() { hang_up(); }

  bool connected() const { return connected_; }
  int descriptor() const { return fd_; }
  void hang_up() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }
  void hang_up_with_reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    hang_up();
  }
  void half_close() const { shutdown(fd_, SHUT_WR); }

  /// False where the server has closed already.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Appends what comes to `received`: 0 at the end of the stream, -errno on failure.
  ssize_t receive_some() {
    char bytes[64 * 1024];
    const ssize_t count = recv(fd_, bytes, sizeof bytes, 0);
    if (count > 0) received.append(bytes, static_cast<std::size_t>(count));
    return count < 0 ? -errno : count;
  }
  /// One reply, by its Content-Length. Status 0 where the connection ended before.
  HttpReply receive(bool with_body = true) {
    HttpReply reply;
    std::size_t end = 0;
    while ((end = received.find("\r\n\r\n")) == std::string::npos) {
      if (receive_some() <= 0) return reply;
    }
    reply.head = received.substr(0, end + 2);
    received.erase(0, end + 4);
    const std::string length = reply.field("Content-Length");
    const std::size_t body_bytes = length.empty() || !with_body ? 0 : std::stoul(length);
    while (received.size() < body_bytes) {
      if (receive_some() <= 0) return reply;
    }
    reply.body = received.substr(0, body_bytes);
    received.erase(0, body_bytes);
    reply.status = std::stoi(reply.head.substr(9, 3));
    return reply;
  }
  bool ended() { return received.empty() && receive_some() == 0; }

  HttpReply request(const std::string& method, const std::string& target, const std::string& body = "") {
    send(method + ' ' + target + " HTTP/1.1\r\nHost: test\r\n" +
         (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") + "\r\n" + body);
    return receive(method != "HEAD");
  }
  HttpReply get(const std::string& target) { return request("GET", target); }

  std::string received;

 private:
  int fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool connected_ = false;
};

class ServerTest : public testing::Test {
 protected:
  explicit ServerTest(const ServerOptions& options = {}) : server(options) {}
  ~ServerTest() override {
    server.stop();
    server.stop();  // at once
    if (loop.joinable()) loop.join();
  }
  Client connect() const { return Client(server.port()); }

  std::uint64_t create_run(const std::string& plan) const {
    const HttpReply reply = connect().request("POST", "/runs", plan);
    EXPECT_EQ(reply.status, 201) << reply.body;
    return Json::parse(reply.body)["run"];
  }
  Json ledger(std::uint64_t run, bool with_calls = true) const {
    const HttpReply reply = connect().get(runs(run) + (with_calls ? "" : "?calls=0"));
    EXPECT_EQ(reply.status, 200);
    return Json::parse(reply.body);
  }
  /// Asks for the ledger until `ready`.
  Json ledger_when(std::uint64_t run, const std::function<bool(const Json&)>& ready) const {
    for (const auto limit = Clock::now() + patience; Clock::now() < limit; std::this_thread::yield()) {
      if (Json seen = ledger(run); ready(seen)) return seen;
    }
    ADD_FAILURE() << "the ledger never came to what the test waits for: " << ledger(run, false);
    return ledger(run);
  }
  static std::string runs(std::uint64_t run) { return "/runs/" + std::to_string(run); }
  static std::string call(std::uint64_t run, CallId id, Attempt attempt = 0) {
    return runs(run) + "/calls/" + std::to_string(id) + "?attempt=" + std::to_string(attempt);
  }
  static std::string get(const std::string& target) {
    return "GET " + target + " HTTP/1.1\r\nHost: test\r\n\r\n";
  }
  void expect_serving() const { EXPECT_EQ(connect().get("/healthz").status, 200); }

  Server server;
  std::thread loop{[this] { server.run(); }};
};

inline std::string hex(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

inline void expect_adds_up(const Json& ledger) {
  constexpr std::array endings_known{"completed", "refused", "reset", "cut", "garbage", "abandoned", "open"};
  int ended = 0;
  for (const char* ending : endings_known) ended += ledger[ending].get<int>();
  EXPECT_EQ(ledger["arrivals"], ended) << ledger.dump();
  std::map<std::string, int> endings;
  for (const Json& call : ledger["calls"]) {
    ++endings[call[5]];
    const auto arrived = call[2].get<std::int64_t>(), due = call[3].get<std::int64_t>(),
               ended_ns = call[4].get<std::int64_t>();
    EXPECT_GE(due, arrived);
    if (call[5] != "abandoned" && call[5] != "open" && call[5] != "refused") {
      EXPECT_GE(ended_ns, due) << "a reply came early: " << call;
    }
    if (call[5] == "abandoned") {
      EXPECT_GE(ended_ns, arrived);
    }
    if (call[5] == "open") {
      EXPECT_EQ(ended_ns, 0);
    }
  }
  for (const char* ending : endings_known) EXPECT_EQ(ledger[ending], endings[ending]);
  EXPECT_EQ(ledger["arrivals"], ledger["calls"].size());
  EXPECT_TRUE(std::is_sorted(ledger["calls"].begin(), ledger["calls"].end(),
                             [](const Json& a, const Json& b) { return a[2] < b[2]; }));
}

}  // namespace fanbench::server
