// What a server may be told.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace fanbench::server {

struct ServerOptions {
  std::string address = "127.0.0.1";              // an IP address
  std::uint16_t port = 0;                         // 0: any free one
  std::size_t threads = 1;                        // 1 … 256
  std::size_t max_connections = 0;                // 0: as many as there are descriptors for
  std::size_t body_limit = std::size_t{1} << 20;  // bytes of a request's body
  // How long a connection may be without a request, or a client not take a byte of its reply.
  std::chrono::nanoseconds idle_timeout = std::chrono::minutes(5);
  // From a request's first byte to its last.
  std::chrono::nanoseconds request_timeout = std::chrono::seconds(10);
  // How long stop() lets calls in flight go on.
  std::chrono::milliseconds drain{5000};
  std::FILE* log = nullptr;  // gets a line of JSON per reply
};

}  // namespace fanbench::server
