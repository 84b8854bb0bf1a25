// The io_uring model and the floor by io_uring as the catalogue knows them, built with liburing or without.
#pragma once

#include <memory>
#include <string_view>

#include "impls/contract/model.hpp"

namespace fanbench::uring {

inline constexpr std::string_view written[] = {"gather",  "all_settled", "task_group",  "first_completed",
                                               "timeout", "semaphore",   "worker_pool", "pipeline",
                                               "retry",   "paginate",    "stream"};

ModelEntry entry();
ModelEntry floor_entry();

// Throw NotApplicable where there is no io_uring.
std::unique_ptr<Model> make(const Setup& setup);
std::unique_ptr<Model> make_floor(const Setup& setup);

}  // namespace fanbench::uring
