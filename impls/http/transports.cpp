// The table of transports.
#include "impls/http/transports.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "impls/http/curl/clients.hpp"
#include "impls/http/native/clients.hpp"

namespace fanbench {
namespace {

constexpr TransportEntry table[] = {
    {"native", native::make_blocking, native::make_async, 1, 1000},
    // A blocking libcurl handle has, beside its connection, the two sockets by which its wait could be woken;
    // so has each multi handle, for its hundred connections.
    {"curl", curl::make_blocking, curl::make_async, 3, 1020},
};

}  // namespace

std::span<const TransportEntry> transports() { return table; }

const TransportEntry& transport_of(const Setup& setup) {
  const auto row = std::ranges::find(table, setup.transport, &TransportEntry::name);
  if (row != std::end(table)) return *row;
  std::vector<std::string_view> names;
  for (const TransportEntry& entry : table) names.push_back(entry.name);
  throw std::invalid_argument(
      fmt::format("expected a transport ({}), got \"{}\"", fmt::join(names, ", "), setup.transport));
}

std::unique_ptr<BlockingClient> make_blocking_client(const Setup& setup) {
  return transport_of(setup).make_blocking(setup);
}
std::unique_ptr<AsyncClient> make_async_client(const Setup& setup, Loop loop) {
  return transport_of(setup).make_async(setup, std::move(loop));
}

}  // namespace fanbench
