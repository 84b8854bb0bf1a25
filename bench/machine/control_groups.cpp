// Walks the folders of control groups.
#include "bench/machine/control_groups.hpp"

#include <fmt/format.h>

#include <sstream>

#include "bench/machine/small_files.hpp"

namespace fanbench {
namespace {

namespace fs = std::filesystem;

/// A group's folder, and how its limits name it.
struct Group {
  fs::path folder;
  std::string name;
};

std::vector<Group> groups_of(std::string_view controller, std::string_view membership,
                             const fs::path& mount) {
  std::vector<Group> groups;
  std::istringstream lines{std::string(membership)};
  // Source: cgroups(7): "number:controllers:path", with no controllers in the line of version 2.
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path path = line.substr(second + 1);
    std::vector<fs::path> roots;
    if (controllers.empty()) roots = {mount, mount / "unified"};
    if (("," + controllers + ",").find(fmt::format(",{},", controller)) != std::string::npos)
      roots = {mount / controllers, mount / controller};
    for (const fs::path& root : roots) {
      // In a container the path may be the host's, and the folders here begin further down: those that are
      // missing are skipped.
      for (fs::path group = path.relative_path();; group = group.parent_path()) {
        groups.push_back({.folder = root / group, .name = "cgroup /" + group.string()});
        if (group.empty()) break;
      }
      if (roots[0] == roots[1]) break;
    }
  }
  return groups;
}

}  // namespace

std::vector<Allowance> cgroup_tasks(std::string_view membership, const fs::path& mount) {
  std::vector<Allowance> allowances;
  for (const auto& [folder, name] : groups_of("pids", membership, mount)) {
    const std::uint64_t most = read_number(folder / "pids.max");
    if (most == unlimited) continue;
    allowances.push_back(
        {.count = left(most, read_number(folder / "pids.current")), .by = "pids.max of " + name});
  }
  return allowances;
}

std::vector<Memory> cgroup_memory(std::string_view membership, const fs::path& mount) {
  struct Version {
    const char *most, *used, *cached;
  };
  static constexpr Version versions[] = {
      {"memory.max", "memory.current", "inactive_file"},
      {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"},
  };
  std::vector<Memory> limits;
  for (const auto& [folder, name] : groups_of("memory", membership, mount)) {
    for (const Version& version : versions) {
      const std::uint64_t most = read_number(folder / version.most);
      if (most == unlimited) continue;
      const std::uint64_t cached = number_of_key(read_text(folder / "memory.stat"), version.cached, 0);
      limits.push_back({.total = most,
                        .available = left(most, left(read_number(folder / version.used), cached)),
                        .by = fmt::format("{} of {}", version.most, name)});
    }
  }
  return limits;
}

}  // namespace fanbench
