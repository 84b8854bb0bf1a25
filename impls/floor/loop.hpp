// The floor's loop: sockets and epoll with nothing in between.
#pragma once

#include <netinet/in.h>

#include <string>
#include <string_view>
#include <vector>

#include "impls/contract/model.hpp"
#include "impls/unique_fd.hpp"

namespace fanbench::floor {

/// Its own client; it has no other.
inline constexpr std::string_view own_transport = "native";

class Loop {
 public:
  /// Throws NotApplicable for another transport than native.
  explicit Loop(const Setup& setup);

  /// Makes the calls in id order, `at_once` of them at a time.
  void fan_out(const Scenario& scenario, Recorder& recorder, std::uint32_t at_once);
  /// Has so many connections open and idle.
  void warm(std::uint32_t connections);

 private:
  struct Connection {
    UniqueFd fd;
    CallId call = Recorder::none;  // under way on it, if any
    bool connecting = false;
    std::string received{};  // where a reply comes in pieces
  };

  /// False where the call ended at once, for want of a connection.
  bool begin(const Scenario& scenario, CallId id, Recorder& recorder);
  /// Goes on with what the connection can do now. True where its call has ended.
  bool advance(Connection& connection, const Scenario& scenario, Recorder& recorder);
  bool send(Connection& connection, const Scenario& scenario, Recorder& recorder);
  bool receive(Connection& connection, Recorder& recorder);
  bool end(Connection& connection, const Reply& reply, bool reusable, Recorder& recorder);
  int connect();

  sockaddr_in server_{};
  std::string host_;
  bool reuse_;
  UniqueFd epoll_;
  std::vector<Connection> connections_;  // by descriptor
  std::vector<int> idle_;
};

}  // namespace fanbench::floor
