// The io_uring model as the catalogue knows it, built with liburing or without.
#pragma once

#include <memory>
#include <string_view>

#include "impls/contract/model.hpp"

namespace fanbench::uring {

inline constexpr std::string_view written[] = {"gather",  "all_settled", "task_group",  "first_completed",
                                               "timeout", "semaphore",   "worker_pool", "pipeline",
                                               "retry",   "paginate",    "stream"};

ModelEntry entry();
/// Throws NotApplicable where there is no io_uring.
std::unique_ptr<Model> make(const Setup& setup);

}  // namespace fanbench::uring
