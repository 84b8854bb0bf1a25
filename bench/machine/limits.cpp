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

namespace fanbench {
namespace {

namespace fs = std::filesystem;

std::string read_text(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The file's first number; unlimited where there is no file, or no number in it ("max").
std::uint64_t read_number(const fs::path& file) {
  std::ifstream in(file);
  std::uint64_t number = 0;
  return in >> number ? number : unlimited;
}

std::uint64_t left(std::uint64_t most, std::uint64_t used) {
  if (most == unlimited) return unlimited;
  return most > used ? most - used : 0;
}

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
  std::istringstream range(read_text("/proc/sys/net/ipv4/ip_local_port_range"));
  std::uint64_t first = 0, last = 0;
  Allowance allowance{.count = unlimited, .by = "net.ipv4.ip_local_port_range"};
  if (range >> first >> last && last >= first) allowance.count = last - first + 1;
  return allowance;
}

/// Source: proc(5), /proc/meminfo.
Allowance memory_of_machine() {
  Allowance allowance{.count = unlimited, .by = "MemAvailable"};
  std::istringstream lines(read_text("/proc/meminfo"));
  for (std::string line; std::getline(lines, line);) {
    constexpr std::string_view key = "MemAvailable:";
    std::uint64_t kibibytes = 0;
    if (line.starts_with(key) && std::istringstream(line.substr(key.size())) >> kibibytes) {
      allowance.count = kibibytes * 1024 / 1'000'000;
    }
  }
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

std::vector<Allowance> cgroup_tasks(std::string_view membership, const fs::path& mount) {
  std::vector<Allowance> allowances;
  std::istringstream lines{std::string(membership)};
  // Source: cgroups(7): "number:controllers:path", with no controllers in the line of version 2.
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path path = line.substr(second + 1);
    std::vector<fs::path> roots;
    if (controllers.empty()) roots = {mount, mount / "unified"};
    if (("," + controllers + ",").find(",pids,") != std::string::npos)
      roots = {mount / controllers, mount / "pids"};
    for (const fs::path& root : roots) {
      // In a container the path may be the host's, and the folders here begin further down: those that are
      // missing are skipped.
      for (fs::path group = path.relative_path();; group = group.parent_path()) {
        const fs::path folder = root / group;
        if (const auto most = read_number(folder / "pids.max"); most != unlimited) {
          allowances.push_back({.count = left(most, read_number(folder / "pids.current")),
                                .by = fmt::format("pids.max of cgroup /{}", group.string())});
        }
        if (group.empty()) break;
      }
      if (roots[0] == roots[1]) break;
    }
  }
  return allowances;
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
  allowances.memory_mb = memory_of_machine();
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

bool ports_are_reused() {
  // Source: the kernel's ip-sysctl: 0 disabled, 1 everywhere, 2 on loopback.
  const std::uint64_t reuse = read_number("/proc/sys/net/ipv4/tcp_tw_reuse");
  return reuse == 1 || reuse == 2;
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit = read_limit(RLIMIT_NOFILE);
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    throw std::system_error(errno, std::generic_category(), "lift the descriptor limit to the hard one");
  return count_of(limit.rlim_cur);
}

}  // namespace fanbench
