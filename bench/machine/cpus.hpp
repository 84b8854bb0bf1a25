// Which CPUs client and server run on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace fanbench {

/// apart: the server has CPUs of its own, so that nobody waits for the other's. shared: both may use all.
enum class Pin : std::uint8_t { apart, shared };

/// CPUs that the calling thread may run on, ascending.
std::vector<int> allowed_cpus();

/// CPUs by the physical core that they are threads of, in the order of each core's first. `devices`: where
/// the kernel describes CPUs; one that it says nothing of is a core of its own.
std::vector<std::vector<int>> physical_cores(
    const std::vector<int>& cpus, const std::filesystem::path& devices = "/sys/devices/system/cpu");

/// Who runs where; ascending.
struct CpuShares {
  std::vector<int> client, server;
};
/// Of CPUs by their cores. apart: the server has the last core, whole, as what runs on the other thread of a
/// core slows it down; of a single core the last thread. A CPU alone serves both.
CpuShares share(const std::vector<std::vector<int>>& cores, Pin pin);

/// Lets the calling thread run on these CPUs only; threads and processes that it makes later inherit it.
/// Throws std::system_error: none of them can be used.
void pin_thread(std::span<const int> cpus);

}  // namespace fanbench
