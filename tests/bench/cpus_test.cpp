// Tests of who runs on which CPUs.
#include "bench/machine/cpus.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <system_error>
#include <thread>

namespace fanbench {
namespace {

using Cpus = std::vector<int>;
using Cores = std::vector<Cpus>;

TEST(Pin, HoldsAThreadAndWhatItStarts) {
  const int cpu = allowed_cpus().back();
  Cpus own, of_its_thread;
  std::jthread([&] {
    pin_thread(Cpus{cpu});
    own = allowed_cpus();
    std::jthread([&] { of_its_thread = allowed_cpus(); }).join();
  }).join();
  EXPECT_EQ(own, Cpus{cpu});
  EXPECT_EQ(of_its_thread, Cpus{cpu});
}

TEST(Pin, CanBeTakenBack) {
  const Cpus all = allowed_cpus();
  Cpus then;
  std::jthread([&] {
    pin_thread(Cpus{all.back()});
    pin_thread(all);
    then = allowed_cpus();
  }).join();
  EXPECT_EQ(then, all);
}

TEST(Pin, ToCpusThatAreNotThereThrows) {
  EXPECT_THROW(pin_thread(Cpus{100'000}), std::system_error);
  EXPECT_THROW(pin_thread(Cpus{-1}), std::system_error);
  EXPECT_THROW(pin_thread({}), std::system_error);
}

/// Writes of each CPU which threads its core has, as the kernel does.
class Devices {
 public:
  explicit Devices(const std::vector<std::string>& siblings)
      : folder_(std::filesystem::path(testing::TempDir()) / fmt::format("cpus_test.{}", getpid())) {
    for (std::size_t cpu = 0; cpu < siblings.size(); ++cpu) {
      const auto topology = folder_ / ("cpu" + std::to_string(cpu)) / "topology";
      std::filesystem::create_directories(topology);
      std::ofstream(topology / "thread_siblings_list") << siblings[cpu] << '\n';
    }
  }
  Devices(const Devices&) = delete;
  Devices& operator=(const Devices&) = delete;
  ~Devices() { std::filesystem::remove_all(folder_); }
  const std::filesystem::path& folder() const noexcept { return folder_; }

 private:
  std::filesystem::path folder_;
};

TEST(PhysicalCores, AreCpusThatAreThreadsOfOne) {
  const Devices devices({"0,2", "1,3", "0,2", "1,3"});
  EXPECT_EQ(physical_cores({0, 1, 2, 3}, devices.folder()), (Cores{{0, 2}, {1, 3}}));
  EXPECT_EQ(physical_cores({1, 2, 3}, devices.folder()), (Cores{{1, 3}, {2}}));
}

TEST(PhysicalCores, AreOneForEachCpuWhereTheKernelSaysNothing) {
  EXPECT_EQ(physical_cores({0, 5}, "/nowhere"), (Cores{{0}, {5}}));
}

TEST(PhysicalCores, OfThisMachineHoldAllItsCpus) {
  Cpus all;
  for (const Cpus& core : physical_cores(allowed_cpus())) all.insert(all.end(), core.begin(), core.end());
  std::ranges::sort(all);
  EXPECT_EQ(all, allowed_cpus());
}

struct Shared {
  const char* name;
  Cores cores;
  Cpus client, server;  // apart

  friend std::ostream& operator<<(std::ostream& out, const Shared& shared) { return out << shared.name; }
};

class Share : public testing::TestWithParam<Shared> {};

TEST_P(Share, GivesTheServerTheLastCore) {
  const auto [client, server] = share(GetParam().cores, Pin::apart);
  EXPECT_EQ(client, GetParam().client);
  EXPECT_EQ(server, GetParam().server);
}

TEST_P(Share, GivesAllToBothWhereTheyShare) {
  const auto [client, server] = share(GetParam().cores, Pin::shared);
  Cpus all = GetParam().client;
  all.insert(all.end(), GetParam().server.begin(), GetParam().server.end());
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  EXPECT_EQ(client, all);
  EXPECT_EQ(server, all);
}

INSTANTIATE_TEST_SUITE_P(Machines, Share,
                         testing::Values(Shared{"OneCpu", {{3}}, {3}, {3}},
                                         Shared{"TwoCores", {{0}, {1}}, {0}, {1}},
                                         Shared{"TwoThreadsOfOneCore", {{0, 1}}, {0}, {1}},
                                         Shared{"FourCoresOfTwoThreads",
                                                {{0, 4}, {1, 5}, {2, 6}, {3, 7}},
                                                {0, 1, 2, 4, 5, 6},
                                                {3, 7}},
                                         Shared{"AThreadOfTheLastIsNotAllowed", {{0, 2}, {1}}, {0, 2}, {1}}),
                         [](const auto& machine) { return machine.param.name; });

}  // namespace
}  // namespace fanbench
