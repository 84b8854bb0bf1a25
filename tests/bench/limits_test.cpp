// Limits: needs are compared with each of the machine's allowances, and what is missing is said in one line.
#include "bench/machine/limits.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "bench/machine/control_groups.hpp"

namespace fanbench {
namespace {

namespace fs = std::filesystem;

Allowances plenty() {
  return {.descriptors = {1000, "RLIMIT_NOFILE"},
          .tasks = {{1000, "RLIMIT_NPROC"}, {2000, "kernel.threads-max"}},
          .mappings = {1000, "vm.max_map_count"},
          .ports = {1000, "net.ipv4.ip_local_port_range"},
          .memory_mb = {1000, "MemAvailable"}};
}

TEST(Limits, WhatFitsExactlyFits) {
  EXPECT_EQ(missing_from(plenty(), {.descriptors = 1000, .tasks = 600, .mappings = 1000},
                         {.descriptors = 1000, .tasks = 400, .mappings = 1000}, 1000),
            std::nullopt);
}

TEST(Limits, NothingIsMissingWithoutLimits) {
  EXPECT_EQ(
      missing_from({}, {.descriptors = 1u << 31, .tasks = 1u << 31, .mappings = 1u << 31}, {}, UINT32_MAX),
      std::nullopt);
}

TEST(Limits, DescriptorsOfTheClient) {
  Allowances allowed = plenty();
  allowed.descriptors.count = 20'000;
  EXPECT_EQ(missing_from(allowed, {.descriptors = 20'100}, {}, 1),
            "needs 20,100 descriptors, 20,000 allowed (RLIMIT_NOFILE)");
}

TEST(Limits, DescriptorsOfTheServerAreItsOwn) {
  EXPECT_EQ(missing_from(plenty(), {.descriptors = 999}, {.descriptors = 1001}, 1),
            "the server needs 1,001 descriptors, 1,000 allowed (RLIMIT_NOFILE)");
}

TEST(Limits, TasksOfClientAndServerTogether) {
  EXPECT_EQ(missing_from(plenty(), {.tasks = 998}, {.tasks = 3}, 1),
            "needs 1,001 threads and processes, 1,000 allowed (RLIMIT_NPROC)");
}

TEST(Limits, TasksAgainstTheTightestOfAll) {
  Allowances allowed = plenty();
  allowed.tasks.push_back({.count = 10, .by = "pids.max of cgroup /a"});
  EXPECT_EQ(missing_from(allowed, {.tasks = 11}, {}, 1),
            "needs 11 threads and processes, 10 allowed (pids.max of cgroup /a)");
}

TEST(Limits, MappingsOfClientAndServer) {
  EXPECT_EQ(missing_from(plenty(), {.mappings = 123456}, {}, 1),
            "needs 123,456 memory mappings, 1,000 allowed (vm.max_map_count)");
  EXPECT_EQ(missing_from(plenty(), {.mappings = 1234567}, {}, 1),
            "needs 1,234,567 memory mappings, 1,000 allowed (vm.max_map_count)");
  EXPECT_EQ(missing_from(plenty(), {.mappings = 999}, {.mappings = 1001}, 1),
            "the server needs 1,001 memory mappings, 1,000 allowed (vm.max_map_count)");
}

TEST(Limits, PortsOfTheConnections) {
  EXPECT_EQ(missing_from(plenty(), {}, {}, 1001),
            "needs 1,001 ephemeral ports, 1,000 allowed (net.ipv4.ip_local_port_range)");
}

TEST(Limits, MemoryOfAllTogether) {
  EXPECT_EQ(missing_from(plenty(), {.memory_mb = 5000}, {}, 1),
            "needs 5,000 MB of memory, 1,000 allowed (MemAvailable)");
}

// This machine.

rlimit descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit;
}

TEST(MachineLimits, AreRead) {
  const Allowances allowed = read_allowances();
  EXPECT_EQ(allowed.descriptors.count, descriptor_limit().rlim_max);
  EXPECT_LT(allowed.mappings.count, unlimited);
  EXPECT_GT(allowed.memory_mb.count, 100U);
  EXPECT_LE(read_memory().available, read_memory().total);
  EXPECT_LT(allowed.memory_mb.count, unlimited);
  std::uint64_t first_port = 0, last_port = 0;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first_port >> last_port;
  EXPECT_EQ(allowed.ports.count, last_port - first_port + 1);
  for (const std::string by : {"kernel.threads-max", "kernel.pid_max"}) {
    const auto found = std::ranges::find(allowed.tasks, by, &Allowance::by);
    ASSERT_NE(found, allowed.tasks.end()) << by;
    EXPECT_LT(found->count, unlimited) << by;
    EXPECT_GT(found->count, 0) << by;
  }
}

TEST(MachineLimits, AllowLittleAndNotEverything) {
  EXPECT_EQ(missing_for({.descriptors = 10, .tasks = 2, .mappings = 100}, {.descriptors = 10, .tasks = 1}, 1),
            std::nullopt);
  EXPECT_NE(missing_for({.tasks = 1'000'000'000}, {}, 1), std::nullopt);
  EXPECT_NE(missing_for({}, {}, 70'000), std::nullopt);
}

TEST(MachineLimits, SoftLimitOfDescriptorsIsLiftedToTheHardOne) {
  const rlimit before = descriptor_limit();
  const rlimit low{.rlim_cur = std::min<rlim_t>(64, before.rlim_max), .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
  EXPECT_EQ(descriptor_limit().rlim_cur, before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}

/// How many tasks read_allowances leaves to a child process after `change`, with those that the child itself
/// has: fits an exit status. From 200: unlimited.
int user_tasks_after(bool (*change)()) {
  const pid_t child = fork();
  if (child == 0) {
    if (!change()) _exit(255);
    const Allowances allowed = read_allowances();
    const auto found = std::ranges::find(allowed.tasks, "RLIMIT_NPROC", &Allowance::by);
    if (found == allowed.tasks.end()) _exit(254);
    const auto own = std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator());
    _exit(static_cast<int>(std::min<std::uint64_t>(found->count, 200)) + static_cast<int>(own));
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 253;
}

bool limit_tasks() {
  const rlimit limit{.rlim_cur = 100, .rlim_max = 100};
  return setrlimit(RLIMIT_NPROC, &limit) == 0;
}

TEST(MachineLimits, ExemptRootFromItsUsersTasks) {
  if (getuid() != 0) GTEST_SKIP() << "needs root";
  const int tasks = user_tasks_after(limit_tasks);
  EXPECT_GT(tasks, 200);
  EXPECT_LT(tasks, 250);
}

TEST(MachineLimits, CountWhatAUserRunsAlready) {
  if (getuid() != 0) GTEST_SKIP() << "needs root, to become a user that runs nothing else";
  EXPECT_EQ(user_tasks_after([] { return limit_tasks() && setuid(54321) == 0; }), 100);
}

// ----------------------------------------------------------------------------------------------------
// cgroups

class Cgroups : public testing::Test {
 protected:
  Cgroups() : mount_(fs::temp_directory_path() / ("limits_test." + std::to_string(getpid()))) {
    fs::create_directories(mount_);
  }
  ~Cgroups() override { fs::remove_all(mount_); }

  void put(const std::string& group, const std::string& max, const std::string& current) {
    fs::create_directories(mount_ / group);
    std::ofstream(mount_ / group / "pids.max") << max << '\n';
    std::ofstream(mount_ / group / "pids.current") << current << '\n';
  }
  std::string read(const std::string& membership) {
    std::string text;
    for (const Allowance& allowance : cgroup_tasks(membership, mount_))
      text += std::to_string(allowance.count) + " " + allowance.by + "; ";
    return text;
  }

  fs::path mount_;
};

TEST_F(Cgroups, OfVersionTwoLimitAllBelowThem) {
  put("a", "50", "8");
  put("a/b", "max", "5");
  put("a/b/c", "10", "3");
  EXPECT_EQ(read("0::/a/b/c\n"), "7 pids.max of cgroup /a/b/c; 42 pids.max of cgroup /a; ");
}

TEST_F(Cgroups, OfVersionOneAreThoseOfThePidsController) {
  put("pids/x", "20", "5");
  put("pids", "100", "90");
  EXPECT_EQ(read("9:name=systemd:/y\n8:pids:/x\n4:memory:/x\n"),
            "15 pids.max of cgroup /x; 10 pids.max of cgroup /; ");
}

TEST_F(Cgroups, BesideOthersInAHybridTree) {
  put("unified/u", "9", "1");
  EXPECT_EQ(read("0::/u\n"), "8 pids.max of cgroup /u; ");
}

TEST_F(Cgroups, OfTheHostAreLookedForFromTheContainersRoot) {
  put("", "30", "10");
  EXPECT_EQ(read("0::/docker/0123\n"), "20 pids.max of cgroup /; ");
}

TEST_F(Cgroups, ThatAreFullLeaveNothing) {
  put("a", "5", "7");
  EXPECT_EQ(read("0::/a\n"), "0 pids.max of cgroup /a; ");
}

TEST_F(Cgroups, ThatAreNotThereLimitNothing) {
  EXPECT_EQ(read("0::/a\n"), "");
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read("nonsense\n"), "");
}

class MemoryCgroups : public Cgroups {
 protected:
  void put(const std::string& group, const std::string& file, const std::string& text) {
    fs::create_directories(mount_ / group);
    std::ofstream(mount_ / group / file) << text << '\n';
  }
  std::string read(const std::string& membership) {
    std::string text;
    for (const Memory& memory : cgroup_memory(membership, mount_))
      text += fmt::format("{} of {}, {}; ", memory.available, memory.total, memory.by);
    return text;
  }
};

TEST_F(MemoryCgroups, OfVersionTwoLimitAllBelowThem) {
  put("a", "memory.max", "5000");
  put("a", "memory.current", "1000");
  put("a/b", "memory.max", "max");
  put("a/b", "memory.current", "700");
  EXPECT_EQ(read("0::/a/b\n"), "4000 of 5000, memory.max of cgroup /a; ");
}

TEST_F(MemoryCgroups, OfVersionOneAreThoseOfTheMemoryController) {
  put("memory/x", "memory.limit_in_bytes", "3000");
  put("memory/x", "memory.usage_in_bytes", "1200");
  put("pids/x", "memory.limit_in_bytes", "1");
  EXPECT_EQ(read("8:pids:/x\n4:memory:/x\n"), "1800 of 3000, memory.limit_in_bytes of cgroup /x; ");
}

TEST_F(MemoryCgroups, DoNotCountWhatCanBeDroppedAsUsed) {
  put("a", "memory.max", "5000");
  put("a", "memory.current", "4900");
  put("a", "memory.stat", "anon 900\nfile 4000\ninactive_file 3000\nactive_file 1000");
  put("memory/b", "memory.limit_in_bytes", "5000");
  put("memory/b", "memory.usage_in_bytes", "4900");
  put("memory/b", "memory.stat", "inactive_file 1\ntotal_inactive_file 2000");
  EXPECT_EQ(read("0::/a\n"), "3100 of 5000, memory.max of cgroup /a; ");
  EXPECT_EQ(read("4:memory:/b\n"), "2100 of 5000, memory.limit_in_bytes of cgroup /b; ");
}

TEST_F(MemoryCgroups, ThatAreFullLeaveNothing) {
  put("a", "memory.max", "5000");
  put("a", "memory.current", "5001");
  EXPECT_EQ(read("0::/a\n"), "0 of 5000, memory.max of cgroup /a; ");
}

}  // namespace
}  // namespace fanbench
