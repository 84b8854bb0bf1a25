// What the control groups of a process leave it: of tasks and of memory.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "bench/machine/limits.hpp"

namespace fanbench {

// Of the groups in `membership` (the text of /proc/self/cgroup) and of all above them, in version 1 and 2.
// `mount`: where they are mounted, /sys/fs/cgroup.

std::vector<Allowance> cgroup_tasks(std::string_view membership, const std::filesystem::path& mount);
/// Cached files that the kernel can drop at once do not count as used.
std::vector<Memory> cgroup_memory(std::string_view membership, const std::filesystem::path& mount);

}  // namespace fanbench
