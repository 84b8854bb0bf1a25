// What the kernel's counters say is a count, or is not there.
#include "bench/counting/tree_counter.hpp"

#include <gtest/gtest.h>
#include <linux/perf_event.h>
#include <unistd.h>

#include <cstring>

#include "bench/counting/instructions.hpp"
#include "bench/machine/resources.hpp"

namespace fanbench {
namespace {

/// As read() fills it with read_format TOTAL_TIME_ENABLED | TOTAL_TIME_RUNNING (perf_event_open(2)).
CounterReading reading(std::uint64_t value, std::uint64_t time_enabled, std::uint64_t time_running) {
  const std::uint64_t buffer[] = {value, time_enabled, time_running};
  static_assert(sizeof buffer == sizeof(CounterReading));
  CounterReading read;
  std::memcpy(&read, buffer, sizeof buffer);
  return read;
}

TEST(TreeCounter, CountsBetweenTwoReadings) {
  EXPECT_EQ(counted(reading(0, 0, 0), reading(21'000'000, 5'000, 5'000)), 21'000'000);
  EXPECT_EQ(counted(reading(21'000'000, 5'000, 5'000), reading(21'000'042, 9'000, 9'000)), 42);
  EXPECT_EQ(counted({}, reading(40, 5'000, 5'000) + reading(2, 3'000, 3'000)), 42);
}

TEST(TreeCounter, HasNoCountWhereItDidNotRunAllTheTime) {
  EXPECT_EQ(counted({}, reading(21'000'000, 5'000, 2'500)), std::nullopt);  // shared with another program
  EXPECT_EQ(counted({}, reading(0, 5'000, 0)), std::nullopt);
  EXPECT_EQ(counted(reading(0, 5'000, 2'500), reading(42, 9'000, 6'500)), 42);  // it was, but not in this run
  EXPECT_EQ(counted({}, reading(40, 5'000, 5'000) + reading(2, 3'000, 1'000)), std::nullopt);
}

TEST(TreeCounter, IsAbsentWhereTheKernelRefuses) {
  constexpr TreeCounter::Event unknown{.type = 0xfffffff0};
  const std::size_t held = open_descriptors(::getpid());
  EXPECT_FALSE(TreeCounter::open(unknown, 0, 0));
  EXPECT_EQ(open_descriptors(::getpid()), held);
  EXPECT_FALSE(TreeCounter::open({.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_DUMMY}, 0, ::gettid()))
      << "none is ours to start and stop them by";
}

TEST(Instructions, OfARunAreManyOrAbsent) {
  auto counter = InstructionCounter::open(0);
  if (!counter) GTEST_SKIP() << "this machine shows no hardware counters";
  counter->start();
  for (volatile int i = 0; i < 1'000'000;) i = i + 1;
  const auto count = counter->stop();
  ASSERT_TRUE(count);
  EXPECT_GE(*count, 1'000'000);
  EXPECT_LT(*count, 100'000'000);
}

}  // namespace
}  // namespace fanbench
