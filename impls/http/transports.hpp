// The transports: HTTP clients under the models, a row each.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "impls/contract/model.hpp"
#include "impls/http/async.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench {

struct TransportEntry {
  std::string_view name;
  std::unique_ptr<BlockingClient> (*make_blocking)(const Setup&);
  std::unique_ptr<AsyncClient> (*make_async)(const Setup&, Loop);
  std::uint32_t descriptors_per_blocking_call;
  std::uint32_t descriptors_per_1000_async_calls;
};

/// In the order in which reports show them.
std::span<const TransportEntry> transports();
/// The row of the setup's transport. Throws std::invalid_argument where there is none.
const TransportEntry& transport_of(const Setup& setup);

}  // namespace fanbench
