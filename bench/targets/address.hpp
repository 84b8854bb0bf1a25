// Where a server listens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fanbench {

struct Address {
  std::string host;  // an IP address
  std::uint16_t port = 0;
};

/// The addresses of "HOST:PORT", where HOST is a name, an IPv4 address, or an IPv6 address in brackets. At
/// least one. Throws std::runtime_error: what was expected, or that nobody knows the name.
std::vector<Address> resolve(std::string_view host_and_port);

bool is_loopback(std::string_view host);
/// Whether it is loopback or an address of one of this machine's interfaces.
bool is_of_this_machine(std::string_view host);

}  // namespace fanbench
