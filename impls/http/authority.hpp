// The server as URLs and the Host header name it.
#pragma once

#include <fmt/format.h>

#include <string>

#include "impls/contract/model.hpp"

namespace fanbench {

/// "127.0.0.1:8080", "[::1]:8080".
inline std::string authority_of(const std::string& host, std::uint16_t port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}
inline std::string authority_of(const Setup& setup) { return authority_of(setup.host, setup.port); }

}  // namespace fanbench
