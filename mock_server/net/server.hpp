// The mock latency server, without its command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "mock_server/net/server_options.hpp"

namespace fanbench::server {

class Server {
 public:
  /// Binds and listens. Throws std::runtime_error with one line: what failed, and for which address.
  explicit Server(const ServerOptions& options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::string address() const;
  std::uint16_t port() const;
  bool loopback() const;

  /// SIGINT and SIGTERM call stop().
  void stop_on_signals();
  /// Serves until stopped.
  void run();
  /// Stops accepting, lets calls in flight end, for `drain` at most, and ends run(). The second time: ends it
  /// at once. May be called from any thread.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// As many descriptors as the system lets this process have: each connection takes one. Returns how many.
std::size_t raise_descriptor_limit();

}  // namespace fanbench::server
