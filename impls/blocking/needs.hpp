// What threads that block in calls take from the machine.
#pragma once

#include "impls/contract/model.hpp"
#include "impls/http/transports.hpp"

namespace fanbench {

inline Needs needs_of_threads(const Setup& setup, std::uint64_t threads, std::uint64_t in_flight) {
  constexpr std::uint64_t mappings_per_thread = 2;  // stack and guard page
  return {
      .descriptors = idle_process.descriptors + in_flight * transport_of(setup).descriptors_per_blocking_call,
      .tasks = 1 + threads,
      .mappings = idle_process.mappings + threads * mappings_per_thread,
      .memory_mb = (threads * 20 + in_flight * 50) / 1000};
}

}  // namespace fanbench
