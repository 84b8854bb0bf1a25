// Ranks of one process, and what stands between them in place of relays and MPI.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/ranks/frames.hpp"
#include "bench/ranks/relayed_party.hpp"

namespace fanbench {

/// Carries frames between so many ranks for as long as it lives. Each rank is on a host of its own, "host-0"
/// …
class Router {
 public:
  /// `clocks`: what it says of the ranks' clocks; none: that they are the same.
  explicit Router(std::uint32_t ranks, std::vector<ranks::ClockOffset> clocks = {})
      : clocks_(std::move(clocks)) {
    clocks_.resize(ranks);
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
      std::array<int, 2> ends{};
      if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw std::bad_alloc();
      ours_.emplace_back(ends[0]);
      theirs_.emplace_back(ends[1]);
    }
    for (std::uint32_t rank = 0; rank < ranks; ++rank) {
      std::string text(1, ranks::hello);
      for (const std::uint32_t number : {rank, ranks, static_cast<std::uint32_t>(::getpid())})
        text.append(reinterpret_cast<const char*>(&number), sizeof number);
      for (std::uint32_t i = 0; i < ranks; ++i) text += "host-" + std::to_string(i) + "\n";
      write(rank, ranks::the_relay, text);
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { route(stop); });
  }

  /// To be asked once for each rank.
  std::unique_ptr<ranks::Party> party(std::uint32_t rank) {
    return std::make_unique<ranks::RelayedParty>(std::move(theirs_[rank]));
  }
  /// As if this rank had been lost: rank 0 is told so.
  void lose(const std::string& line) { write(0, ranks::the_relay, std::string(1, ranks::lost) + line); }

 private:
  void write(std::uint32_t rank, std::uint32_t from, const std::string& bytes) {
    const ranks::FrameHead head{.peer = from, .size = bytes.size()};
    std::string frame(reinterpret_cast<const char*>(&head), sizeof head);
    frame += bytes;
    for (std::size_t sent = 0; sent < frame.size();) {
      const ssize_t n = ::send(ours_[rank].get(), frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return;
      sent += static_cast<std::size_t>(n);
    }
  }

  bool read(std::uint32_t rank, char* into, std::size_t size) {
    while (size > 0) {
      const ssize_t n = ::recv(ours_[rank].get(), into, size, 0);
      if (n <= 0) return false;
      into += n;
      size -= static_cast<std::size_t>(n);
    }
    return true;
  }

  void route(const std::stop_token& stop) {
    std::vector<pollfd> polled;
    for (const UniqueFd& fd : ours_) polled.push_back({.fd = fd.get(), .events = POLLIN, .revents = 0});
    while (!stop.stop_requested()) {
      ::poll(polled.data(), polled.size(), 10);
      for (std::uint32_t rank = 0; rank < polled.size(); ++rank) {
        if (polled[rank].revents == 0) continue;
        ranks::FrameHead head;
        if (!read(rank, reinterpret_cast<char*>(&head), sizeof head)) {
          polled[rank].fd = -1;
          continue;
        }
        std::string bytes(head.size, '\0');
        read(rank, bytes.data(), bytes.size());
        if (head.peer != ranks::the_relay) {
          write(head.peer, rank, bytes);
          continue;
        }
        std::string text(1, ranks::clocks);
        text.append(reinterpret_cast<const char*>(clocks_.data()), clocks_.size() * sizeof clocks_[0]);
        write(rank, ranks::the_relay, text);
      }
    }
    for (const UniqueFd& fd : ours_) ::shutdown(fd.get(), SHUT_RDWR);
  }

  std::vector<ranks::ClockOffset> clocks_;
  std::vector<UniqueFd> ours_, theirs_;
  std::jthread thread_;
};

}  // namespace fanbench
