// What the preloaded library that counts allocations and the program that reads the counts know of each
// other.
#pragma once

#include <atomic>
#include <cstdint>

namespace fanbench {

/// In memory shared by all processes of the tree.
struct AllocationCounters {
  std::atomic<std::uint64_t> calls, bytes;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

/// Where descendants find them: the path of a file to map.
inline constexpr const char* allocation_counters_variable = "FANBENCH_ALLOCATION_COUNTERS";

}  // namespace fanbench

/// The counters of this process, exported by the library; absent where it is not preloaded.
extern "C" const fanbench::AllocationCounters* fanbench_allocation_counters() noexcept;
