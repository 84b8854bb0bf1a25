// Asks the kernel for CPUs and their cores, and shares them out.
#include "bench/machine/cpus.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <map>
#include <string>
#include <system_error>

#include "bench/machine/small_files.hpp"

namespace fanbench {
namespace {

using Mask = std::vector<unsigned long>;
constexpr int bits_per_word = sizeof(unsigned long) * CHAR_BIT;

cpu_set_t* as_set(Mask& mask) { return reinterpret_cast<cpu_set_t*>(mask.data()); }

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace

std::vector<int> allowed_cpus() {
  Mask mask(16);
  while (sched_getaffinity(0, mask.size() * sizeof(mask[0]), as_set(mask)) != 0) {
    if (errno != EINVAL || mask.size() > 4096) fail(errno, "CPUs that this thread may run on");
    mask.resize(mask.size() * 2);  // EINVAL: the machine has more CPUs than that
  }
  std::vector<int> cpus;
  for (int cpu = 0; cpu < static_cast<int>(mask.size()) * bits_per_word; ++cpu)
    if ((mask[cpu / bits_per_word] >> (cpu % bits_per_word) & 1) != 0) cpus.push_back(cpu);
  return cpus;
}

std::vector<std::vector<int>> physical_cores(const std::vector<int>& cpus,
                                             const std::filesystem::path& devices) {
  std::vector<std::vector<int>> cores;
  // By the list of a core's threads, which is the same for all of them.
  std::map<std::string, std::size_t> known;
  for (const int cpu : cpus) {
    const std::string threads = read_text(devices / fmt::format("cpu{}/topology/thread_siblings_list", cpu));
    const auto [core, is_new] =
        known.try_emplace(threads.empty() ? fmt::format("{}", cpu) : threads, cores.size());
    if (is_new) cores.emplace_back();
    cores[core->second].push_back(cpu);
  }
  return cores;
}

CpuShares share(const std::vector<std::vector<int>>& cores, Pin pin) {
  std::vector<int> all;
  for (const auto& core : cores) all.insert(all.end(), core.begin(), core.end());
  std::ranges::sort(all);
  if (pin == Pin::shared || all.size() < 2) return {.client = all, .server = all};
  CpuShares shares{.client = {}, .server = cores.back()};
  if (cores.size() == 1) shares.server = {all.back()};
  std::ranges::set_difference(all, shares.server, std::back_inserter(shares.client));
  return shares;
}

void pin_thread(std::span<const int> cpus) {
  Mask mask;
  for (const int cpu : cpus) {
    if (cpu < 0) fail(EINVAL, fmt::format("there is no CPU {}", cpu));
    const auto word = static_cast<std::size_t>(cpu / bits_per_word);
    mask.resize(std::max(mask.size(), word + 1));
    mask[word] |= 1UL << (cpu % bits_per_word);
  }
  if (sched_setaffinity(0, mask.size() * sizeof(mask[0]), as_set(mask)) != 0)
    fail(errno, fmt::format("no thread can run on CPU {}", fmt::join(cpus, ", ")));
}

}  // namespace fanbench
