// A server for the HTTP clients' tests: each connection does what the test's script says, byte by byte.
#pragma once

#include <arpa/inet.h>
#include <dirent.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "impls/unique_fd.hpp"

namespace fanbench {

/// Longer than anything here takes, short enough to fail before CTest's own limit.
inline constexpr std::chrono::seconds patience{30};

inline std::string with_length(std::string_view body, std::string_view fields = "",
                               std::string_view status = "200 OK") {
  return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// The port of this machine's other end, or of our own, of an IPv4 socket; 0 where it is none.
inline std::uint16_t port_of(int fd, bool other_end) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  const int failed = other_end ? getpeername(fd, any, &size) : getsockname(fd, any, &size);
  return failed == 0 && address.sin_family == AF_INET ? ntohs(address.sin_port) : 0;
}

/// The sockets of this process that are connected to the port: its clients' ends of their connections.
inline std::vector<int> sockets_connected_to(std::uint16_t port) {
  std::vector<int> found;
  DIR* const descriptors = opendir("/proc/self/fd");
  if (!descriptors) throw std::runtime_error("no /proc/self/fd");
  while (const dirent* entry = readdir(descriptors)) {
    const int fd = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && port_of(fd, true) == port) found.push_back(fd);
  }
  closedir(descriptors);
  return found;
}

class ScriptedServer {
 public:
  /// The server's end of one connection, in the hands of its script.
  class Peer {
   public:
    /// The head of the next request; empty where the client has closed the connection.
    std::string receive() {
      std::size_t end = 0;
      while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
        char bytes[4096];
        const auto count = recv(fd_, bytes, sizeof bytes, 0);
        if (count <= 0) return "";
        received_.append(bytes, static_cast<std::size_t>(count));
      }
      std::string request = received_.substr(0, end + 4);
      received_.erase(0, end + 4);
      server_.change([&] { server_.requests_.push_back(request); });
      return request;
    }
    /// False where the client has closed the connection.
    bool send(std::string_view bytes) const {
      while (!bytes.empty()) {
        const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      }
      return true;
    }
    /// Sends, and waits until the client has read it all: what is sent next it reads by itself.
    void send_alone(std::string_view bytes) const {
      send(bytes);
      if (!server_.eventually([&] { return unread_bytes() == 0; }))
        ADD_FAILURE() << "the client doesn't read";
    }
    /// Waits until the client closes the connection.
    void wait_until_closed() {
      while (!receive().empty()) ADD_FAILURE() << "another request came";
    }

   private:
    friend ScriptedServer;
    Peer(ScriptedServer& server, int fd) : server_(server), fd_(fd) {}

    /// What is to be sent, or was not read there: the client's socket is one of this process. What was sent
    /// is there at once over loopback; its acknowledgement, for which the kernel takes up to 40 ms, isn't
    /// waited for.
    int unread_bytes() const {
      int to_send = 0, there = 0;
      ioctl(fd_, SIOCOUTQNSD, &to_send);
      for (const int fd : sockets_connected_to(server_.port_)) {
        // As a bare system call: to ThreadSanitizer it would look like a race with the client's close.
        if (port_of(fd, false) == port_of(fd_, true)) syscall(SYS_ioctl, fd, FIONREAD, &there);
      }
      return to_send + there;
    }

    ScriptedServer& server_;
    int fd_;
    std::string received_;
  };
  using Script = std::function<void(Peer&)>;

  /// Runs the script on a thread for each connection, and closes the connection at its end.
  explicit ScriptedServer(Script script)
      : script_(std::move(script)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener_.get(), SOMAXCONN) != 0)
      throw std::runtime_error("the scripted server cannot listen");
    port_ = port_of(listener_.get(), false);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() {
    shutdown(listener_.get(), SHUT_RDWR);
    acceptor_.join();
    change([this] {
      for (const int fd : open_) shutdown(fd, SHUT_RDWR);
    });
    for (std::thread& connection : connections_) connection.join();
  }

  std::uint16_t port() const { return port_; }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::size_t accepted() {
    const std::lock_guard lock(mutex_);
    return accepted_;
  }
  std::size_t open() {
    const std::lock_guard lock(mutex_);
    return open_.size();
  }
  /// Whether the connections that are open become so many.
  bool open_becomes(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return open_.size() == count; });
  }

 private:
  template <class Condition>
  bool eventually(Condition condition) const {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::yield();
    }
    return true;
  }
  template <class Change>
  void change(Change change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }
  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      change([&] {
        ++accepted_;
        open_.push_back(fd);
      });
      connections_.emplace_back([this, fd] {
        Peer peer(*this, fd);
        script_(peer);
        change([&] {
          std::erase(open_, fd);
          close(fd);  // who hears that it is not open finds it closed
        });
      });
    }
  }

  Script script_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::thread acceptor_;
  std::vector<std::thread> connections_;  // the acceptor's, until it has ended
  std::mutex mutex_;                      // of what follows
  std::condition_variable changed_;
  std::vector<std::string> requests_;
  std::size_t accepted_ = 0;
  std::vector<int> open_;
};

/// The script that answers each request so.
inline ScriptedServer::Script answer_all(std::string reply) {
  return [reply = std::move(reply)](ScriptedServer::Peer& peer) {
    while (!peer.receive().empty()) peer.send(reply);
  };
}

}  // namespace fanbench
