// What a row says of a model whose doings are known: a thread for each call, each of which waits.
#include "bench/measure/measurement.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "bench/machine/calibration.hpp"
#include "bench/measure/burner.hpp"
#include "bench/measure/status.hpp"
#include "bench/targets/running_server.hpp"
#include "bench/timeline.hpp"
#include "bench/turns.hpp"
#include "impls/http/transports.hpp"
#include "tests/bench/cases.hpp"
#include "tests/sanitized.hpp"
#include "tests/toys/model.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;
using namespace cases;
using testing::AllOf, testing::HasSubstr, testing::ThrowsMessage;
using Figures = std::map<std::string, double>;

Figures row_of(const Case& c, bool watched = true) {
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  Measurement measurement(c, entry, server);
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
  const Figures row = row_of(queued());
  EXPECT_GE(row.at("late_start_p50_us"), 30'000);
  EXPECT_GE(row.at("from_start_p50_us"), 30'000);
  EXPECT_GE(row.at("latency_p50_us"), 60'000);
  EXPECT_GE(row.at("latency_max_us"), 120'000);
  EXPECT_GE(row.at("latency_mean_us"), 75'000);
  EXPECT_LT(row.at("from_start_p50_us"), row.at("latency_p50_us"));
  EXPECT_GE(row.at("from_start_max_us"), row.at("from_start_p50_us"));
}

TEST(Measurement, ShowsNoQuantileOfTooFew) {
  Figures row = row_of(queued());
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
  const Figures row = row_of(c);
  EXPECT_GE(row.at("threads_peak"), c.scenario.calls + 1);
  EXPECT_LT(row.at("threads_peak"), c.scenario.calls + 4);  // a sanitizer has one of its own
  EXPECT_GE(row.at("descriptors_peak"), 3 + c.scenario.calls);
  EXPECT_LT(row.at("descriptors_peak"), 60);
}

TEST(Measurement, CountsSwitchesOfThreadsThatWait) {
  const Figures row = row_of(queued());
  EXPECT_GE(row.at("voluntary_switches_per_call"), 1);
  EXPECT_LT(row.at("voluntary_switches_per_call"), 100);
}

TEST(Measurement, CountsTheSystemCallsOfCallsAlone) {
  const Figures row = row_of(queued());
  if (!SyscallCounter::open(0)) {
    EXPECT_FALSE(row.contains("syscalls_per_call"));  // absent, never zero
    return;
  }
  EXPECT_GE(row.at("syscalls_per_call"), 2);  // one to send, one to receive
  EXPECT_LT(row.at("syscalls_per_call"), 100);
}

TEST(Measurement, CountsInstructionsWhereTheMachineDoes) {
  const Figures row = row_of(queued());
  ASSERT_EQ(row.contains("instructions_per_call"), InstructionCounter::open(0).has_value());
  if (!row.contains("instructions_per_call")) GTEST_SKIP() << "this machine shows no hardware counters";
  EXPECT_GE(row.at("instructions_per_call"), 100);
}

TEST(Measurement, SaysNothingOfAllocationsThatAreNotCounted) {
  const Figures row = row_of(gather_case());
  for (const char* name : {"counts_allocations", "allocations_per_call", "allocated_bytes_per_call"})
    EXPECT_FALSE(row.contains(name)) << name;
}

TEST(Measurement, SaysWhetherServerOrMachineWereTheBottleneck) {
  Case c = gather_case();
  c.plan.delay = FixedDelay{300ms};
  const Figures row = row_of(c);
  EXPECT_GT(row.at("server_cpu_share"), 0);
  EXPECT_LT(row.at("server_cpu_share"), 0.9);
  const bool hides_the_client =
      row.at("server_overhead_us_per_call") > std::max(0.0, row.at("client_overhead_us_per_call"));
  EXPECT_EQ(row.at("server_bound"), hides_the_client);
  EXPECT_TRUE(row.contains("other_load_cores"));
  EXPECT_TRUE(row.contains("noisy"));
}

/// A case of each workload that the toy does in a moment.
std::vector<Case> one_of_each_workload() {
  return {gather_case(),
          all_settled_case(),
          task_group_case(),
          semaphore_case(),
          timeout_case(),
          first_completed_case(),
          worker_pool_case(),
          retry_case(),
          pipeline_case(),
          paginate_case(),
          producer_consumer_case(),
          early_start_case(),
          shield_case(),
          hedged_case(),
          background_case(),
          bridge_case(),
          drain_case(),
          rate_limited_case(),
          stream_case(),
          broadcast_case(),
          llm_client_case(),
          page_case(),
          crawl_case(),
          mixed_case(),
          cpu_case()};
}

double per_call_us(Nanoseconds time, const Case& c) {
  return std::chrono::duration<double, std::micro>(time).count() / c.scenario.calls;
}

TEST(Parts, AddUpToTheOverheadOfEachRunOfEveryWorkload) {
  std::set<std::string> seen;
  for (Case c : one_of_each_workload()) {
    SCOPED_TRACE(c.workload);
    seen.insert(c.workload);
    const Specification& specification = specification_of(c.workload);
    if (c.work > 0ms) c.scenario.kernel_steps = kernel_steps_in(c.work);
    MockServer server(SERVER_PROGRAM);
    const ModelEntry entry = toy<Break::nothing>();
    RunMaker maker(c, entry, server, {});
    maker.make_model();
    for (int i = 0; i < 2; ++i) {
      const fanbench::Run run = maker.run();
      const Parts parts = run.parts;
      EXPECT_EQ(parts.of_client() + parts.of_server(), run.outcome.makespan - parts.ideal);
      if (c.work == 0ms) {
        EXPECT_EQ(parts.ideal, specification.ideal(c));
      }
      EXPECT_GE(parts.served_ideal, specification.least(c));
      if (!specification.bound) {
        EXPECT_GE(parts.of_server(), 0ns);  // no server is early
      }
      if (c.workload == "cpu") {
        EXPECT_EQ(parts.of_server(), 0ns);
      }
      Row row(c);  // of this run alone: its figures are the run's
      row.add(run);
      const Figures figures = row.figures(std::nullopt);
      EXPECT_NEAR(figures.at("overhead_us_per_call"), per_call_us(parts.overhead(), c), 1e-3);
      EXPECT_NEAR(figures.at("client_overhead_us_per_call"), per_call_us(parts.of_client(), c), 1e-3);
      EXPECT_NEAR(figures.at("server_overhead_us_per_call"), per_call_us(parts.of_server(), c), 1e-3);
      EXPECT_NEAR(figures.at("served_ideal_s") * 1e9, static_cast<double>(parts.served_ideal.count()), 1);
    }
  }
  EXPECT_EQ(seen.size(), specifications().size());
}

TEST(Parts, TakeWorkForAsLongAsItTakes) {
  Case c = gather_case();
  c.workload = "cpu";
  c.work = 1ms;
  c.scenario.kernel_steps = 4 * kernel_steps_in(c.work);
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  RunMaker maker(c, entry, server, {});
  maker.make_model();
  const Parts parts = maker.run().parts;
  EXPECT_GT(parts.ideal, 2 * specification_of(c.workload).ideal(c));
  EXPECT_EQ(parts.served_ideal, parts.ideal);
}

TEST(Parts, OfALateServerAreNotTheClients) {
  Case c = gather_case();
  c.plan.failures = {.rate = 1, .kinds = {static_cast<std::uint16_t>(Fault::drip)}, .over = 200ms};
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  RunMaker maker(c, entry, server, {});
  maker.make_model();
  const Parts parts = maker.run().parts;
  EXPECT_EQ(parts.ideal, 30ms);
  EXPECT_GE(parts.of_server(), 200ms);
  EXPECT_LT(parts.of_client(), parts.overhead() - 200ms + 1ns);
}

/// Waiting for a slot is nobody's overhead: it is in the ideal, and again in the served ideal.
TEST(Parts, LeaveOutTheWaitForASlot) {
  Case c = gather_case();  // five calls of 30 ms
  c.plan.capacity.slots = 1;
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  RunMaker maker(c, entry, server, {});
  maker.make_model();
  const fanbench::Run run = maker.run();
  EXPECT_EQ(run.parts.ideal, 150ms);
  EXPECT_GE(run.parts.served_ideal, 150ms);
  Nanoseconds service{}, last{};
  auto calls = run.ledger.calls;  // read in another order than they arrived in, they are served in that one
  std::ranges::sort(calls, {}, [](const LedgerCall& call) { return call.arrived + call.waited; });
  for (const LedgerCall& call : calls) {
    EXPECT_EQ(call.due, call.arrived + call.waited + 30ms);
    EXPECT_GE(call.arrived + call.waited, last);  // never two at once
    last = call.ended;
    service += call.ended - call.arrived - call.waited;
  }
  EXPECT_EQ(run.parts.served_ideal, service);
  Row row(c);
  row.add(run);
  EXPECT_EQ(row.figures(std::nullopt).at("server_queue_peak"), *run.ledger.queue_peak);
  const Case without = gather_case();
  Row other(without);
  other.add(run);
  EXPECT_FALSE(other.figures(std::nullopt).contains("server_queue_peak"));
}

TEST(Parts, OfARowAddUpThoughMediansDoNot) {
  const Case c = gather_case();  // of 30 ms, five calls
  Row row(c);
  std::vector<CallRecord> records(c.scenario.calls, {.verdict = Verdict::cancelled});
  for (const auto& [served, makespan] : {std::pair{31ms, 41ms}, {45ms, 46ms}, {32ms, 47ms}}) {
    fanbench::Run run{.outcome = {.records = records, .makespan = makespan}};
    run.parts = {.makespan = makespan, .ideal = 30ms, .served_ideal = served};
    row.add(run);
  }
  const Figures figures = row.figures(std::nullopt);
  EXPECT_DOUBLE_EQ(figures.at("served_ideal_s"), 0.032);
  EXPECT_DOUBLE_EQ(figures.at("overhead_us_per_call"), 3200);         // median of 11, 16 and 17 ms
  EXPECT_DOUBLE_EQ(figures.at("client_overhead_us_per_call"), 2000);  // of 10, 1 and 15 ms
  EXPECT_DOUBLE_EQ(figures.at("server_overhead_us_per_call"), 1200);  // what is left; the median is 400
}

TEST(Measurement, SaysWhatRecordingCosts) {
  const Figures row = row_of(gather_case());
  EXPECT_GT(row.at("recording_us_per_call"), 0);
}

/// Forty threads take some hundred kilobytes; the program and its libraries, which are in the peak, several
/// megabytes.
TEST(Measurement, CountsOnlyMemoryOverTheIdleBaseline) {
  if (thread_sanitized) GTEST_SKIP() << "ThreadSanitizer has memory of its own";
  const Case c = queued();
  const Figures row = row_of(c);
  const double over_idle = row.at("pss_bytes_per_call") * c.scenario.calls;
  EXPECT_GT(over_idle, 0);
  EXPECT_LT(over_idle, row.at("peak_pss_bytes") / 4);
}

TEST(Measurement, SaysWhichLimitACaseIsBeyond) {
  Case c = gather_case();
  c.scenario.calls = 10'000'000;  // a descriptor for each
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  Measurement measurement(c, entry, server);
  EXPECT_THAT([&] { measurement.prepare(); },
              ThrowsMessage<BeyondLimit>(AllOf(HasSubstr("needs"), HasSubstr("allowed"))));
}

TEST(Measurement, HasNoFigureOfWhatItDidNotWatch) {
  const Figures row = row_of(gather_case(), false);
  EXPECT_EQ(row.at("verified"), 1);
  for (const char* name : {"peak_pss_bytes", "pss_bytes_per_call", "threads_peak", "descriptors_peak",
                           "syscalls_per_call", "instructions_per_call", "recording_us_per_call"}) {
    EXPECT_FALSE(row.contains(name)) << name;
  }
}

TEST(Measurement, HasNoFigureOfAServerWhoseProcessIsNotOurs) {
  MockServer server(SERVER_PROGRAM);
  RunningServer target(fmt::format("localhost:{}", server.port()));
  const ModelEntry entry = toy<Break::nothing>();
  Measurement measurement(queued(), entry, target);
  measurement.prepare();
  measurement.iterate();
  const Figures row = measurement.counters();
  EXPECT_EQ(row.at("verified"), 1);
  EXPECT_TRUE(row.contains("lateness_p99_us") || row.contains("peak_pss_bytes"));
  for (const char* name : {"server_cpu_us_per_call", "server_cpu_share", "other_load_cores", "noisy"})
    EXPECT_FALSE(row.contains(name)) << name;
}

/// The toy, counting how often it is warmed.
class CountsWarming final : public Model {
 public:
  CountsWarming(std::unique_ptr<Model> model, int& times) : model_(std::move(model)), times_(times) {}
  void warm(std::uint32_t in_flight) override {
    ++times_;
    model_->warm(in_flight);
  }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    model_->run(workload, scenario, recorder);
  }

 private:
  std::unique_ptr<Model> model_;
  int& times_;
};

int times_warmed_in_three_runs(const Case& c) {
  MockServer server(SERVER_PROGRAM);
  int times = 0;
  ModelEntry entry = toy<Break::nothing>();
  entry.make = [make = entry.make, &times](const fanbench::Setup& setup) {
    return std::make_unique<CountsWarming>(make(setup), times);
  };
  Measurement measurement(c, entry, server);
  measurement.prepare(false);
  measurement.iterate();
  measurement.iterate();
  return times;
}

TEST(Measurement, WarmsAgainAfterARunThatLostConnections) {
  EXPECT_EQ(times_warmed_in_three_runs(gather_case()), 1);
  EXPECT_EQ(times_warmed_in_three_runs(all_settled_case()), 3);  // a call is reset
  EXPECT_EQ(times_warmed_in_three_runs(timeout_case()), 3);      // calls are given up
  Case cold = gather_case();
  cold.cold = true;
  EXPECT_EQ(times_warmed_in_three_runs(cold), 0);
}

/// The most of a run's processes: of descriptors and mappings in one of them, of threads in all.
struct Peaks {
  std::size_t descriptors = 0, mappings = 0, tasks = 0;

  void look(pid_t server) {
    std::vector<pid_t> processes = descendants(server);
    processes.push_back(getpid());
    for (const pid_t process : processes) {
      try {
        descriptors = std::max(descriptors, open_descriptors(process));
      } catch (const std::system_error&) {
        continue;  // it has ended
      }
      std::ifstream maps(fmt::format("/proc/{}/maps", process));
      const auto lines = std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
      mappings = std::max(mappings, static_cast<std::size_t>(lines));
    }
    tasks = std::max(tasks, threads_of_tree(server));
  }
};

/// A model that is looked at while it runs.
class Watched final : public Model {
 public:
  Watched(std::unique_ptr<Model> model, Peaks& peaks, pid_t server)
      : model_(std::move(model)), peaks_(peaks), server_(server) {}
  void warm(std::uint32_t in_flight) override { model_->warm(in_flight); }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    const std::jthread looks([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) peaks_.look(server_);
    });
    model_->run(workload, scenario, recorder);
  }

 private:
  std::unique_ptr<Model> model_;
  Peaks& peaks_;
  pid_t server_;
};

TEST(Needs, OfEachModelAreNotBelowMeasuredPeaks) {
  if (thread_sanitized) GTEST_SKIP() << "ThreadSanitizer has mappings of its own";
  for (const ModelEntry& entry : models()) {
    for (const TransportEntry& transport : transports()) {
      SCOPED_TRACE(fmt::format("{} {}", entry.name, transport.name));
      if (!entry.supports("gather", transport.name)) continue;
      Case c = gather_case();
      c.transport = transport.name;
      c.scenario.calls = c.workers = 60;  // more than what an idle process has to spare
      c.plan.delay = FixedDelay{entry.most_in_flight({.workers = 60}) == 1 ? 10ms : 300ms};
      MockServer server(SERVER_PROGRAM);
      const std::size_t idle_threads = threads_of_tree(server.pid());  // a sanitizer has one of its own
      Peaks peaks;
      ModelEntry watched = entry;
      watched.make = [&](const fanbench::Setup& setup) {
        return std::make_unique<Watched>(entry.make(setup), peaks, server.pid());
      };
      Measurement measurement(c, watched, server);
      try {
        measurement.prepare(false);
      } catch (const NotApplicable&) {  // io_uring, where it is not to be had
        continue;
      }
      const fanbench::Setup setup{.transport = c.transport, .workers = c.workers, .calls = c.scenario.calls};
      const Needs needs =
          entry.needs(setup, c.scenario.calls, std::min(c.scenario.calls, entry.most_in_flight(setup)));
      EXPECT_LE(peaks.descriptors, needs.descriptors);
      EXPECT_LE(peaks.mappings, needs.mappings);
      EXPECT_LE(peaks.tasks - idle_threads, needs.tasks);  // with the thread that looks, without the first
    }
  }
}

constexpr Nanoseconds tenth = 100ms;

void use_cpu(Nanoseconds much) {
  const auto used = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
  };
  for (const Nanoseconds end = used() + much; used() < end;) {
  }
}

/// The toy, with a thread that is busy for so long after each run.
class BusyAfterwards final : public Model {
 public:
  BusyAfterwards(std::unique_ptr<Model> model, Nanoseconds for_so_long)
      : model_(std::move(model)), for_so_long_(for_so_long) {}
  void warm(std::uint32_t in_flight) override { model_->warm(in_flight); }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    model_->run(workload, scenario, recorder);
    busy_ = std::jthread([this] { use_cpu(for_so_long_); });
  }

 private:
  std::unique_ptr<Model> model_;
  Nanoseconds for_so_long_;
  std::jthread busy_;
};

ModelEntry busy_afterwards(Nanoseconds for_so_long) {
  ModelEntry entry = toy<Break::nothing>();
  entry.make = [make = entry.make, for_so_long](const fanbench::Setup& setup) {
    return std::make_unique<BusyAfterwards>(make(setup), for_so_long);
  };
  return entry;
}

TEST(Measurement, CountsCpuUntilTheClientIsQuiet) {
  const Case c = gather_case();
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = busy_afterwards(tenth);
  Measurement measurement(c, entry, server);
  measurement.prepare(false);
  measurement.iterate();
  const Figures row = measurement.counters();
  EXPECT_GE(row.at("cpu_us_per_call") * c.scenario.calls, 100'000);
}

TEST(Measurement, RefusesAClientThatIsNeverQuiet) {
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = busy_afterwards(2s);
  Measurement measurement(gather_case(), entry, server);
  EXPECT_THAT([&] { measurement.prepare(false); }, ThrowsMessage<WrongResult>(HasSubstr("still busy")));
}

/// What is said of a case's turns, a line each.
std::vector<nlohmann::json> said(const Case& c, const std::string& told) {
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  Measurement measurement(c, entry, server);
  measurement.prepare(false);
  std::istringstream in(told);
  std::stringstream out;
  take_turns(measurement, in, out);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(out, line);) lines.push_back(nlohmann::json::parse(line));
  EXPECT_EQ(measurement.makespans_s().size(),
            (lines.size() - 1) * lines.front().at("ready").at("iterations").get<std::size_t>());
  return lines;
}

TEST(Turns, AreMadeWhenTheyAreAskedForAndHaveFiguresOfTheirOwn) {
  const auto lines = said(gather_case(), "turn\nturn\nturn\n");
  ASSERT_EQ(lines.size(), 4);
  EXPECT_EQ(lines[0].at("ready").at("iterations"), 1);
  EXPECT_GT(lines[0].at("ready").at("turn_s"), 0.01);
  for (int i = 1; i < 4; ++i) EXPECT_EQ(lines[i].at("turn").at("verified"), 1);
  EXPECT_NE(lines[1].at("turn").at("makespan_s"), lines[2].at("turn").at("makespan_s"));
}

/// Of pages of two services, which take from 10 to 60 ms: no delay is drawn twice.
Case drawn_pages() {
  Case c = a_case("page", 6);
  c.plan.delay = UniformDelay{10ms, 60ms};
  c.scenario.services = 2;
  specification_of("page").settle(c);
  return c;
}

TEST(Services, DrawAnewInEachRun) {
  const Case c = drawn_pages();
  const Specification& page = specification_of("page");
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  RunMaker maker(c, entry, server, {});
  maker.make_model();
  for (std::uint32_t k = 0; k < 3; ++k) {
    const Case drawn = case_of_run(c, k);
    EXPECT_EQ(drawn.plan.seed, c.plan.seed + k);
    EXPECT_EQ(drawn.scenario.seed, c.scenario.seed + k);
    EXPECT_EQ(maker.run(k).parts.ideal, page.ideal(drawn));  // and its replies were verified
    EXPECT_EQ(maker.run(k).parts.ideal, page.ideal(drawn));  // the same again
  }
  EXPECT_NE(page.ideal(case_of_run(c, 1)), page.ideal(c));
  EXPECT_EQ(case_of_run(gather_case(), 3).plan.seed, gather_case().plan.seed);
}

TEST(Services, AreRatedByEachRunsOwnIdeal) {
  const Case c = drawn_pages();
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  Measurement measurement(c, entry, server);
  measurement.prepare(false);
  measurement.take_turn(2);
  const Figures turn = measurement.take_turn(1);  // the third run: turns go on
  std::vector<double> ideals, efficiencies;
  for (std::uint32_t k = 0; k < 3; ++k) {
    ideals.push_back(
        std::chrono::duration<double>(specification_of("page").ideal(case_of_run(c, k))).count());
    efficiencies.push_back(ideals[k] / measurement.makespans_s().at(k));
  }
  EXPECT_DOUBLE_EQ(turn.at("ideal_s"), ideals[2]);
  EXPECT_DOUBLE_EQ(turn.at("efficiency"), efficiencies[2]);
  const Figures row = measurement.counters();
  EXPECT_DOUBLE_EQ(row.at("ideal_s"), median(ideals));
  EXPECT_DOUBLE_EQ(row.at("efficiency"), median(efficiencies));
  EXPECT_EQ(measurement.last_case().plan.seed, c.plan.seed + 2);
  EXPECT_DOUBLE_EQ(timeline_of(c, measurement).at("ideal_s").get<double>(), ideals[2]);
}

/// In each page one call takes 500 ms, or its copy 150.
TEST(Pages, AreSlowOrNotWithHedgingAndWithout) {
  Case c = page_case();
  Figures row = row_of(c, false);
  EXPECT_EQ(row.at("slow_pages"), 0);
  EXPECT_EQ(row.at("planned_slow_pages"), 1);
  EXPECT_EQ(row.at("extra_calls"), 0.5);
  EXPECT_FALSE(row.contains("incomplete_pages"));
  EXPECT_FALSE(row.contains("page_p50_us"));  // of two
  c.scenario.copies = 0;
  row = row_of(c, false);
  EXPECT_EQ(row.at("slow_pages"), 1);
  EXPECT_EQ(row.at("extra_calls"), 0);
  c = page_in_time_case();
  c.slow_after = {};
  row = row_of(c, false);
  EXPECT_EQ(row.at("incomplete_pages"), 1);
  EXPECT_EQ(row.at("timed_out"), 2);
  EXPECT_FALSE(row.contains("slow_pages"));
  EXPECT_FALSE(row_of(gather_case(), false).contains("page_p50_us"));
}

TEST(Pages, TakeAsLongAsTheirLastCall) {
  Case c = a_case("page", 50);
  c.plan.delay = FixedDelay{30ms};
  c.scenario.services = 2;
  specification_of("page").settle(c);
  const Figures row = row_of(c, false);
  EXPECT_GE(row.at("page_p50_us"), 30'000);
  EXPECT_GE(row.at("page_p50_us"), row.at("latency_p50_us"));
  EXPECT_LE(row.at("page_p50_us"), row.at("latency_max_us"));
  EXPECT_FALSE(row.contains("page_p99_us"));
}

/// Calls 1 and 3 get a second copy.
TEST(Timeline, HasEachAttemptOfCallsThatHadSeveralAndWhatConcernsAll) {
  const Case c = hedged_case();
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  Measurement measurement(c, entry, server);
  measurement.prepare(false);
  measurement.iterate();
  const auto timeline = timeline_of(c, measurement);
  EXPECT_EQ(timeline.at("moments"),
            nlohmann::ordered_json::parse(R"([{"what": "second copies", "at_us": 120000.0}])"));
  const auto& calls = timeline.at("calls");
  EXPECT_EQ(calls.size(), 4);
  EXPECT_FALSE(calls[0].contains("made"));
  const auto& made = calls[1].at("made");
  ASSERT_EQ(made.size(), 2);
  EXPECT_EQ(made[0].at("verdict"), "cancelled");
  EXPECT_EQ(made[1].at("verdict"), "ok");
  EXPECT_EQ(made[1].at("finished_us"), calls[1].at("finished_us"));
  EXPECT_GE(made[1].at("started_us"), 120'000);
}

TEST(Timeline, HasTheEventsOfStreams) {
  Case c = stream_case();
  c.scenario.calls = 40;  // enough for quantiles
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  Measurement measurement(c, entry, server);
  measurement.prepare(false);
  measurement.iterate();
  for (const auto& call : timeline_of(c, measurement).at("calls")) {
    ASSERT_EQ(call.at("events_us").size(), 5);
    EXPECT_GE(call.at("events_us")[0], 30'000);
    EXPECT_GE(call.at("events_us")[4], 130'000);
  }
  const Figures row = measurement.counters();
  EXPECT_GE(row.at("time_to_first_us"), 30'000);
  EXPECT_GE(row.at("gap_p50_us"), 20'000);
}

TEST(Timeline, HasTheCancellationOfStreams) {
  const Case c = cancelled_stream_case();
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  Measurement measurement(c, entry, server);
  measurement.prepare(false);
  measurement.iterate();
  EXPECT_EQ(timeline_of(c, measurement).at("moments"),
            nlohmann::ordered_json::parse(R"([{"what": "cancellation", "at_us": 190000.0}])"));
  const Figures row = measurement.counters();
  EXPECT_EQ(row.at("timed_out"), 3);
  EXPECT_LT(row.at("events_unread"), 60);
  EXPECT_GE(row.at("cancel_latency_us"), 0);
}

/// Where the budget ends it, all take as long: what differs is how much was done.
TEST(Crawl, HasFiguresPerPageThatWasCompleted) {
  const Case c = crawl_case(200ms);
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  Measurement measurement(c, entry, server);
  measurement.prepare(true);
  measurement.iterate();
  const Figures row = measurement.counters();
  const double completed = c.scenario.calls - row.at("cancelled");
  ASSERT_GT(row.at("cancelled"), 0);
  EXPECT_NEAR(row.at("calls_per_s") * row.at("makespan_s"), completed, 1e-6);
  EXPECT_NEAR(row.at("efficiency"), row.at("crawled") * row.at("ideal_s") / row.at("makespan_s"), 1e-9);
}

TEST(Timeline, HasTheMessagesOfABroadcast) {
  Case c = broadcast_case();
  c.scenario.calls = 300;       // enough for quantiles
  c.scenario.interval = 100ms;  // and time for so many threads
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<Break::nothing>();
  Measurement measurement(c, entry, server);
  measurement.prepare(false);
  measurement.iterate();
  const auto timeline = timeline_of(c, measurement);
  for (const auto& call : timeline.at("calls")) ASSERT_EQ(call.at("events_us").size(), 4);
  ASSERT_EQ(timeline.at("moments").size(), 2);
  EXPECT_EQ(timeline.at("moments")[1].at("what"), "last message");
  const Figures row = measurement.counters();
  EXPECT_GT(row.at("delivery_p50_us"), 0);
  EXPECT_GE(row.at("delivery_p99_us"), row.at("delivery_p50_us"));
  for (const char* name : {"in_flight_peak", "connections", "lateness_p99_us", "gap_p50_us"})
    EXPECT_FALSE(row.contains(name)) << name;  // no call was made of which there could be any
}

TEST(Turns, HaveSeveralIterationsWhereOneIsShort) {
  Case c = gather_case();
  c.scenario.calls = 1;
  c.plan.delay = FixedDelay{};
  EXPECT_GT(said(c, "turn\n").front().at("ready").at("iterations"), 1);
}

TEST(Turns, RefuseWhatTheyDoNotUnderstand) {
  EXPECT_THAT([] { said(gather_case(), "turn\nhalf a turn\n"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("got \"half a turn\"")));
  EXPECT_THAT([] { said(gather_case(), ""); }, ThrowsMessage<std::runtime_error>(HasSubstr("at least once")));
}

/// A model whose run takes 100 ms of CPU, in this process or in a child.
class Busy final : public Model {
 public:
  explicit Busy(bool in_child) : in_child_(in_child) {}
  void warm(std::uint32_t) override {}
  void run(std::string_view, const Scenario&, Recorder&) override {
    const pid_t child = in_child_ ? fork() : 0;
    if (child == 0) {
      use_cpu(tenth);
      if (in_child_) _exit(0);
    } else {
      waitpid(child, nullptr, 0);
    }
  }

 private:
  bool in_child_;
};

TEST(Burner, BurnsAShareOfWhatTheRunTookInAllProcesses) {
  for (const bool in_child : {false, true}) {
    SCOPED_TRACE(in_child);
    ModelEntry busy;
    busy.make = [in_child](const fanbench::Setup&) { return std::make_unique<Busy>(in_child); };
    const auto model = burning(busy, 50, 0).make({});
    std::vector<CallRecord> records(1);
    Recorder recorder(records);
    const Nanoseconds before = cpu_of_tree(0);
    model->run("gather", {}, recorder);
    EXPECT_GE(cpu_of_tree(0) - before, 145ms);  // what a child has used is known to the tick
    EXPECT_LT(cpu_of_tree(0) - before, 200ms);
  }
}

TEST(Status, IsWhatWasThrown) {
  EXPECT_EQ(status_of(NotApplicable("")), Status::not_applicable);
  EXPECT_EQ(status_of(BeyondLimit("")), Status::limit);
  EXPECT_EQ(status_of(WrongResult("")), Status::error);
  EXPECT_EQ(status_of(std::runtime_error("")), Status::error);
}

}  // namespace
}  // namespace fanbench
