// The io_uring model as the catalogue knows it, built with liburing or without.
#pragma once

#include <algorithm>
#include <string_view>

#include "impls/contract/model.hpp"

namespace fanbench::uring {

inline constexpr std::string_view written[] = {"gather",  "all_settled", "task_group",  "first_completed",
                                               "timeout", "semaphore",   "worker_pool", "pipeline",
                                               "retry",   "paginate",    "stream"};
inline bool is_written(std::string_view workload) { return std::ranges::count(written, workload) > 0; }

/// Its own client; it has no other.
inline constexpr std::string_view own_transport = "native";

ModelEntry entry();

}  // namespace fanbench::uring
