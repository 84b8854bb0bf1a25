// What a row says of a model whose doings are known: a thread for each call, each of which waits.
#include "bench/measure/measurement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/bench/cases.hpp"
#include "tests/toys/model.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;
using namespace cases;
using testing::AllOf, testing::HasSubstr, testing::ThrowsMessage;
using Row = std::map<std::string, double>;

Row row_of(const Case& c, bool watched = true) {
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  Measurement measurement(c, entry, server, std::nullopt);
  measurement.prepare(watched);
  for (std::uint32_t i = 0; i < c.iterations; ++i) measurement.iterate();
  return measurement.counters();
}

/// Forty calls of 30 ms, ten at once: the first ten start at once, the last ten after 90 ms.
Case queued() {
  Case c = semaphore_case();
  c.scenario.calls = 40;
  c.scenario.limit = 10;
  return c;
}

/// The median is the twentieth of forty: the later half of those that waited for one reply.
TEST(Measurement, TellsWaitingToStartFromBeingCalled) {
  const Row row = row_of(queued());
  EXPECT_GE(row.at("late_start_p50_us"), 30'000);
  EXPECT_GE(row.at("from_start_p50_us"), 30'000);
  EXPECT_GE(row.at("latency_p50_us"), 60'000);
  EXPECT_GE(row.at("latency_max_us"), 120'000);
  EXPECT_GE(row.at("latency_mean_us"), 75'000);
  EXPECT_LT(row.at("from_start_p50_us"), row.at("latency_p50_us"));
  EXPECT_GE(row.at("from_start_max_us"), row.at("from_start_p50_us"));
}

TEST(Measurement, ShowsNoQuantileOfTooFew) {
  Row row = row_of(queued());
  EXPECT_FALSE(row.contains("late_start_p99_us"));
  EXPECT_FALSE(row.contains("from_start_p90_us"));
  EXPECT_FALSE(row.contains("from_start_p99_us"));
  row = row_of(gather_case());
  EXPECT_FALSE(row.contains("late_start_p50_us"));
  EXPECT_FALSE(row.contains("from_start_p50_us"));
  EXPECT_TRUE(row.contains("from_start_max_us"));
}

TEST(Measurement, CountsThreadsAndDescriptorsWhileCallsWait) {
  Case c = gather_case();
  c.plan.delay = FixedDelay{300ms};  // time enough to be seen
  const Row row = row_of(c);
  EXPECT_GE(row.at("threads_peak"), c.scenario.calls + 1);
  EXPECT_LT(row.at("threads_peak"), c.scenario.calls + 4);  // a sanitizer has one of its own
  EXPECT_GE(row.at("descriptors_peak"), 3 + c.scenario.calls);
  EXPECT_LT(row.at("descriptors_peak"), 60);
}

TEST(Measurement, CountsSwitchesOfThreadsThatWait) {
  const Row row = row_of(queued());
  EXPECT_GE(row.at("voluntary_switches_per_call"), 1);
  EXPECT_LT(row.at("voluntary_switches_per_call"), 100);
  EXPECT_GE(row.at("involuntary_switches_per_call"), 0);
}

TEST(Measurement, CountsTheSystemCallsOfCallsAlone) {
  const Row row = row_of(queued());
  if (!SyscallCounter::open(0)) {
    EXPECT_FALSE(row.contains("syscalls_per_call"));  // absent, never zero
    return;
  }
  EXPECT_GE(row.at("syscalls_per_call"), 2);  // one to send, one to receive
  EXPECT_LT(row.at("syscalls_per_call"), 100);
}

TEST(Measurement, SaysNothingOfAllocationsThatAreNotCounted) {
  const Row row = row_of(gather_case());
  for (const char* name : {"counts_allocations", "allocations_per_call", "allocated_bytes_per_call"})
    EXPECT_FALSE(row.contains(name)) << name;
}

TEST(Measurement, SaysWhetherServerOrMachineWereTheBottleneck) {
  Case c = gather_case();
  c.plan.delay = FixedDelay{300ms};
  const Row row = row_of(c);
  EXPECT_GT(row.at("server_cpu_share"), 0);
  EXPECT_LT(row.at("server_cpu_share"), 0.9);
  EXPECT_EQ(row.at("server_bound"), 0);
  EXPECT_TRUE(row.contains("other_load_cores"));
  EXPECT_TRUE(row.contains("noisy"));
}

TEST(Measurement, SaysWhatRecordingCosts) {
  const Row row = row_of(gather_case());
  EXPECT_GT(row.at("recording_us_per_call"), 0);
}

/// Forty threads take some hundred kilobytes; the program and its libraries, which are in the peak, several megabytes.
TEST(Measurement, CountsOnlyMemoryOverTheIdleBaseline) {
  const Case c = queued();
  const Row row = row_of(c);
  const double over_idle = row.at("pss_bytes_per_call") * c.scenario.calls;
  EXPECT_GT(over_idle, 0);
  EXPECT_LT(over_idle, row.at("peak_pss_bytes") / 4);
}

TEST(Measurement, SaysWhichLimitACaseIsBeyond) {
  Case c = gather_case();
  c.scenario.calls = 10'000'000;  // a descriptor for each
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  Measurement measurement(c, entry, server, std::nullopt);
  EXPECT_THAT([&] { measurement.prepare(); },
              ThrowsMessage<BeyondLimit>(AllOf(HasSubstr("needs"), HasSubstr("allowed"))));
}

TEST(Measurement, HasNoFigureOfWhatItDidNotWatch) {
  const Row row = row_of(gather_case(), false);
  EXPECT_EQ(row.at("verified"), 1);
  for (const char* name : {"peak_pss_bytes", "pss_bytes_per_call", "threads_peak", "descriptors_peak",
                           "syscalls_per_call", "recording_us_per_call"}) {
    EXPECT_FALSE(row.contains(name)) << name;
  }
}

}  // namespace
}  // namespace fanbench
