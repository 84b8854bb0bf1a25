// Reads the limits of this machine and compares a case's needs with them.
#include "bench/machine/limits.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <sstream>
#include <system_error>

#include "bench/machine/control_groups.hpp"

namespace fanbench {
namespace {

namespace fs = std::filesystem;

/// Threads on the machine. Source: proc(5), /proc/loadavg: its fourth field is "runnable/existing".
std::uint64_t threads_of_machine() {
  std::istringstream fields(read_text("/proc/loadavg"));
  std::string skipped, entities;
  fields >> skipped >> skipped >> skipped >> entities;
  std::uint64_t existing = 0;
  if (const auto slash = entities.find('/'); slash != std::string::npos)
    std::from_chars(entities.data() + slash + 1, entities.data() + entities.size(), existing);
  return existing;
}

/// Threads of the processes of one user.
std::uint64_t threads_of_user(uid_t user) {
  std::uint64_t threads = 0;
  std::error_code ignored;  // processes come and go meanwhile
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos)
      continue;  // "self" is one of them once more
    struct stat status {};
    if (stat(entry.path().c_str(), &status) != 0 || status.st_uid != user) continue;
    std::istringstream lines(read_text(entry.path() / "status"));
    for (std::string line; std::getline(lines, line);) {
      constexpr std::string_view key = "Threads:\t";
      if (!line.starts_with(key)) continue;
      std::uint64_t count = 0;
      std::from_chars(line.data() + key.size(), line.data() + line.size(), count);
      threads += count;
    }
  }
  return threads;
}

rlimit read_limit(__rlimit_resource resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) throw std::system_error(errno, std::generic_category(), "getrlimit");
  return limit;
}

std::uint64_t count_of(rlim_t limit) { return limit == RLIM_INFINITY ? unlimited : limit; }

Allowance user_tasks() {
  Allowance allowance{.count = unlimited, .by = "RLIMIT_NPROC"};
  // The kernel exempts root.
  if (const std::uint64_t most = count_of(read_limit(RLIMIT_NPROC).rlim_cur);
      most != unlimited && getuid() != 0)
    allowance.count = left(most, threads_of_user(getuid()));
  return allowance;
}

Allowance ports_of_machine() {
  Allowance allowance{.count = unlimited, .by = "net.ipv4.ip_local_port_range"};
  if (const auto range = port_range()) allowance.count = range->second - range->first + 1;
  return allowance;
}

std::string with_commas(std::uint64_t number) {
  std::string text = fmt::format("{}", number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

std::optional<std::string> compare(std::string_view who, std::uint64_t needed, std::string_view what,
                                   const Allowance& allowed) {
  if (needed <= allowed.count) return std::nullopt;
  return fmt::format("{}needs {} {}, {} allowed ({})", who, with_commas(needed), what,
                     with_commas(allowed.count), allowed.by);
}

}  // namespace

std::optional<std::pair<std::uint64_t, std::uint64_t>> port_range() {
  std::istringstream range(read_text("/proc/sys/net/ipv4/ip_local_port_range"));
  std::uint64_t first = 0, last = 0;
  if (!(range >> first >> last) || last < first) return std::nullopt;
  return std::pair(first, last);
}

Memory read_memory() {
  // Source: proc(5), /proc/meminfo: in units of 1,024 bytes.
  const std::string info = read_text("/proc/meminfo");
  const auto bytes = [&info](std::string_view key) {
    const std::uint64_t kibibytes = number_of_key(info, key, unlimited);
    return kibibytes == unlimited ? unlimited : kibibytes * 1024;
  };
  Memory memory{.total = bytes("MemTotal:"), .available = bytes("MemAvailable:"), .by = "MemAvailable"};
  for (const Memory& group : cgroup_memory(read_text("/proc/self/cgroup"), "/sys/fs/cgroup")) {
    memory.total = std::min(memory.total, group.total);
    if (group.available >= memory.available) continue;
    memory.available = group.available;
    memory.by = group.by;
  }
  return memory;
}

Allowances read_allowances() {
  const std::uint64_t threads = threads_of_machine();
  Allowances allowances;
  allowances.descriptors = {.count = count_of(read_limit(RLIMIT_NOFILE).rlim_max), .by = "RLIMIT_NOFILE"};
  allowances.tasks = cgroup_tasks(read_text("/proc/self/cgroup"), "/sys/fs/cgroup");
  allowances.tasks.push_back(user_tasks());
  allowances.tasks.push_back(
      {.count = left(read_number("/proc/sys/kernel/threads-max"), threads), .by = "kernel.threads-max"});
  allowances.tasks.push_back(
      {.count = left(read_number("/proc/sys/kernel/pid_max"), threads), .by = "kernel.pid_max"});
  allowances.mappings = {.count = read_number("/proc/sys/vm/max_map_count"), .by = "vm.max_map_count"};
  allowances.ports = ports_of_machine();
  const Memory memory = read_memory();
  allowances.memory_mb = {.count = memory.available == unlimited ? unlimited : memory.available / 1'000'000,
                          .by = memory.by};
  return allowances;
}

std::optional<std::string> missing_from(const Allowances& allowed, const Needs& client, const Needs& server,
                                        std::uint64_t connections) {
  if (auto line = compare("", client.descriptors, "descriptors", allowed.descriptors)) return line;
  if (auto line = compare("the server ", server.descriptors, "descriptors", allowed.descriptors)) return line;
  for (const Allowance& tasks : allowed.tasks)
    if (auto line = compare("", client.tasks + server.tasks, "threads and processes", tasks)) return line;
  if (auto line = compare("", client.mappings, "memory mappings", allowed.mappings)) return line;
  if (auto line = compare("the server ", server.mappings, "memory mappings", allowed.mappings)) return line;
  if (auto line = compare("", client.memory_mb + server.memory_mb, "MB of memory", allowed.memory_mb))
    return line;
  return compare("", connections, "ephemeral ports", allowed.ports);
}

std::optional<std::string> missing_for(const Needs& client, const Needs& server, std::uint64_t connections) {
  return missing_from(read_allowances(), client, server, connections);
}

bool ports_are_reused(bool to_loopback) {
  // Source: the kernel's ip-sysctl: 0 disabled, 1 everywhere, 2 on loopback.
  const std::uint64_t reuse = read_number("/proc/sys/net/ipv4/tcp_tw_reuse");
  return reuse == 1 || (reuse == 2 && to_loopback);
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit = read_limit(RLIMIT_NOFILE);
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    throw std::system_error(errno, std::generic_category(), "lift the descriptor limit to the hard one");
  return count_of(limit.rlim_cur);
}

}  // namespace fanbench
