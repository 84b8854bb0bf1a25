// Asks the resolver for names, and the kernel for this machine's addresses.
#include "bench/targets/address.hpp"

#include <fmt/format.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <memory>
#include <stdexcept>

namespace fanbench {
namespace {

/// The form in which the system writes an address, so that equal addresses are equal texts.
std::string text_of(const sockaddr* address, socklen_t size) {
  std::array<char, NI_MAXHOST> host{};
  const int error = ::getnameinfo(address, size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? host.data() : "";
}

}  // namespace

std::vector<Address> resolve(std::string_view host_and_port) {
  const auto colon = host_and_port.rfind(':');
  std::string host(host_and_port.substr(0, colon));
  const std::string_view digits = colon == std::string_view::npos ? "" : host_and_port.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const bool has_port = error == std::errc{} && end == digits.data() + digits.size() && port > 0;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!has_port || host.empty() || (!bracketed && host.find_first_of("[:]") != std::string::npos)) {
    throw std::runtime_error(fmt::format(
        "expected a server's HOST:PORT, such as localhost:8080 or [::1]:8080, got \"{}\"", host_and_port));
  }
  const addrinfo wanted{.ai_flags = bracketed ? AI_NUMERICHOST : 0,
                        .ai_family = AF_UNSPEC,
                        .ai_socktype = SOCK_STREAM,
                        .ai_protocol = 0,
                        .ai_addrlen = 0,
                        .ai_addr = nullptr,
                        .ai_canonname = nullptr,
                        .ai_next = nullptr};
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found); failed != 0)
    throw std::runtime_error(fmt::format("the host {} is not known: {}", host, ::gai_strerror(failed)));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* entry = found; entry; entry = entry->ai_next)
    addresses.push_back({.host = text_of(entry->ai_addr, entry->ai_addrlen), .port = port});
  return addresses;
}

bool is_loopback(std::string_view host) { return host.starts_with("127.") || host == "::1"; }

bool is_of_this_machine(std::string_view host) {
  // A connection to the address of no host in particular goes to this one.
  if (is_loopback(host) || host == "0.0.0.0" || host == "::") return true;
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return false;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(found, &::freeifaddrs);
  for (const ifaddrs* entry = found; entry; entry = entry->ifa_next) {
    if (!entry->ifa_addr) continue;
    const int family = entry->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    if (text_of(entry->ifa_addr, family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)) == host)
      return true;
  }
  return false;
}

}  // namespace fanbench
