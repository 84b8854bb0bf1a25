// Cases that ranks make together: how they are dealt out, that the outcome is that of one process, and what
// becomes of them when a rank fails.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <thread>

#include "bench/machine/cpus.hpp"
#include "bench/measure/measurement.hpp"
#include "bench/measure/quantiles.hpp"
#include "bench/ranks/deal.hpp"
#include "bench/ranks/dealt_runs.hpp"
#include "bench/ranks/member.hpp"
#include "bench/ranks/run_of_rank.hpp"
#include "bench/specification/checks.hpp"
#include "tests/bench/random_case.hpp"
#include "tests/bench/router.hpp"
#include "tests/bench/small_case.hpp"

namespace fanbench {
namespace {

using ranks::ClockOffset, ranks::part_of, ranks::RunOfRank, ranks::why_not_dealt_out;
using testing::HasSubstr;

std::vector<std::string_view> dealt_out() {
  std::vector<std::string_view> names;
  for (const Specification& row : specifications())
    if (row.dealing.refused.empty()) names.push_back(row.workload);
  return names;
}

// -- How a case is dealt out

TEST(Parts, OfThingsInARowAreAllOfThemOnce) {
  for (const std::uint32_t ranks : {1U, 2U, 3U, 7U}) {
    for (const std::uint32_t things : {0U, 1U, 6U, 7U, 100U}) {
      std::uint32_t next = 0;
      for (std::uint32_t rank = 0; rank < ranks; ++rank) {
        const ranks::Part part{.rank = rank, .ranks = ranks};
        EXPECT_EQ(part.before(things), next);
        EXPECT_GE(part.of(things), things / ranks);
        EXPECT_LE(part.of(things), things / ranks + 1);
        next += part.of(things);
      }
      EXPECT_EQ(next, things);
    }
  }
}

class Dealing : public testing::TestWithParam<std::string_view> {};

TEST_P(Dealing, KeepsWhatIsDrawnForEachCall) {
  const Case whole = example_of(GetParam(), "coroutines", "native", 24);
  ASSERT_EQ(why_not_dealt_out(whole, 2), "");
  CallId next = 0;
  for (std::uint32_t rank = 0; rank < 2; ++rank) {
    const Case part = part_of(whole, {.rank = rank, .ranks = 2});
    ASSERT_EQ(part.scenario.first, next);
    for (CallId id = 0; id < part.scenario.calls; ++id, ++next) {
      EXPECT_EQ(priority(part.scenario, id), priority(whole.scenario, next));
      EXPECT_EQ(backoff(part.scenario, id, 1, {}), backoff(whole.scenario, next, 1, {}));
      EXPECT_EQ(planned_cursor(part.plan, id), planned_cursor(whole.plan, next));
      for (const Attempt attempt : {0U, 1U}) {
        const PlannedReply of_part = planned_reply(part.plan, id, attempt),
                           of_whole = planned_reply(whole.plan, next, attempt);
        EXPECT_EQ(of_part.answer, of_whole.answer);
        EXPECT_EQ(of_part.delay, of_whole.delay);
        EXPECT_EQ(of_part.status, of_whole.status);
        EXPECT_EQ(of_part.goes_on, of_whole.goes_on);
      }
    }
  }
  EXPECT_EQ(next, whole.scenario.calls);
}
INSTANTIATE_TEST_SUITE_P(All, Dealing, testing::ValuesIn(dealt_out()),
                         [](const auto& row) { return std::string(row.param); });

TEST(Dealing, SharesOutWhatBoundsAllCalls) {
  Case c = example_of("semaphore", "thread_pool", "native", 24);
  c.scenario.limit = 7;
  c.plan.capacity = {.slots = 9, .per_second = 100, .burst = 6};
  c.workers = 5;
  c.workers_chosen = true;
  std::uint32_t limit = 0, slots = 0, per_second = 0, burst = 0, workers = 0;
  for (std::uint32_t rank = 0; rank < 3; ++rank) {
    const Case part = part_of(c, {.rank = rank, .ranks = 3});
    limit += part.scenario.limit;
    slots += part.plan.capacity.slots;
    per_second += part.plan.capacity.per_second;
    burst += part.plan.capacity.burst;
    workers += part.workers;
  }
  EXPECT_EQ(limit, 7U);
  EXPECT_EQ(slots, 9U);
  EXPECT_EQ(per_second, 100U);
  EXPECT_EQ(burst, 6U);
  EXPECT_EQ(workers, 5U);
}

TEST(Dealing, KeepsChainsTogether) {
  const Case c = example_of("paginate", "coroutines", "native", 5);  // streams of three pages
  ASSERT_EQ(c.scenario.calls, 15U);
  EXPECT_EQ(part_of(c, {.rank = 0, .ranks = 2}).scenario.calls, 9U);
  EXPECT_EQ(part_of(c, {.rank = 1, .ranks = 2}).scenario.first, 9U);
}

TEST(Dealing, SaysWhyNot) {
  EXPECT_THAT(why_not_dealt_out(example_of("first_completed", "coroutines", "native", 8), 2),
              HasSubstr("the first reply decides"));
  EXPECT_THAT(why_not_dealt_out(example_of("semaphore", "coroutines", "native", 24), 4),
              HasSubstr("cannot be dealt out to 4 ranks: limit is 3, expected"));
  EXPECT_EQ(why_not_dealt_out(example_of("semaphore", "coroutines", "native", 24), 3), "");
  EXPECT_THAT(why_not_dealt_out(example_of("gather", "coroutines", "native", 8), 9), HasSubstr("calls is 8"));
  Case barrier = example_of("pipeline", "coroutines", "native", 8);
  EXPECT_EQ(why_not_dealt_out(barrier, 2), "");
  barrier.scenario.mode = Mode::barrier;
  EXPECT_THAT(why_not_dealt_out(barrier, 2), HasSubstr("no item begins a stage before all"));
}

// -- Runs

/// Ranks 1 … of a case, each with a thread in this process and a server of its own.
class Ranks {
 public:
  Ranks(const Case& whole, std::uint32_t ranks, std::vector<ClockOffset> clocks = {})
      : router_(ranks, std::move(clocks)) {
    suite_.cases = {whole};
    first_ = router_.party(0);
    for (std::uint32_t rank = 1; rank < ranks; ++rank) {
      threads_.emplace_back([this, party = router_.party(rank)] {
        try {
          serve(suite_, options_, *party);
        } catch (const ranks::Lost&) {  // the end
        }
      });
    }
  }

  ranks::Party& first() { return *first_; }
  Router& router() { return router_; }
  Suite& suite() { return suite_; }

 private:
  Suite suite_;
  ranks::MemberOptions options_{.server_program = SERVER_PROGRAM, .cores = {allowed_cpus()}};
  std::vector<std::jthread> threads_;  // they end when the router does
  Router router_;
  std::unique_ptr<ranks::Party> first_;
};

std::unique_ptr<Measurement> measurement_of(const Case& c, Target& server, Ranks& ranks) {
  const auto cpus = static_cast<std::uint32_t>(allowed_cpus().size());
  return std::make_unique<Measurement>(
      c, false, server,
      [&ranks, &server, cpus](const Case& whole) {
        return std::make_unique<ranks::DealtRuns>(whole, ranks.first(), [&server, cpus](Case& part) {
          resolve(part, cpus);
          return std::make_unique<RunMaker>(part, model_of(part.model), server, std::vector<int>{});
        });
      },
      getpid());
}

/// Whether the plan alone decides what becomes of each call: not who is hedged within a budget, whom a
/// service refuses, and what is begun just before the end of another budget.
bool is_planned(const Case& c) {
  const Specification& specification = specification_of(c.workload);
  return !specification.hedges && !specification.completes && c.plan.capacity.per_second == 0;
}

std::string outcome_of(std::span<const CallRecord> records) {
  std::string text;
  for (const CallRecord& record : records) {
    text += fmt::format("{} {} {:x} {}; ", to_string(record.verdict), record.status, record.answer,
                        record.attempts);
  }
  return text;
}

bool can_be_dealt_out(const Case& whole, std::uint32_t ranks) {
  if (!why_not_dealt_out(whole, ranks).empty()) return false;
  for (std::uint32_t rank = 0; rank < ranks; ++rank) {
    const Case part = part_of(whole, {.rank = rank, .ranks = ranks});
    if (specification_of(part.workload).refuse(part)) return false;
  }
  return true;
}

class SeveralRanks : public testing::TestWithParam<std::string_view> {};

TEST_P(SeveralRanks, ComeToTheOutcomeOfOneProcess) {
  int compared = 0;
  for (std::uint64_t seed = 1; compared < 3; ++seed) {
    ASSERT_LT(seed, 500U) << "no random case can be dealt out";
    Case c = verifiable_case(GetParam(), seed);
    c.name = "dealt";
    c.model = seed % 2 ? "coroutines" : "threads";
    if (!model_of(c.model).supports(c.workload, c.transport)) continue;
    const std::uint32_t most =
        has_key(specification_of(c.workload), "hosts") ? 2 : 4;  // of hosts there are few
    if (c.plan.capacity.per_second > 0) c.plan.capacity.burst = 5;
    if (!can_be_dealt_out(c, 2) || !can_be_dealt_out(c, most)) continue;
    resolve(c, static_cast<std::uint32_t>(allowed_cpus().size()));
    SCOPED_TRACE(fmt::format("{} seed {} of {} calls", c.model, seed, c.scenario.calls));
    ++compared;
    MockServer server(SERVER_PROGRAM);
    Measurement alone(c, model_of(c.model), server);
    alone.prepare(false);
    const std::string expected = outcome_of(alone.records());
    for (std::uint32_t ranks = 1; ranks <= most; ranks *= 2) {
      Ranks together(c, ranks);
      const auto measurement = measurement_of(c, server, together);
      measurement->prepare(false);
      if (is_planned(c)) {
        EXPECT_EQ(outcome_of(measurement->records()), expected) << ranks << " ranks";
      }
      EXPECT_EQ(measurement->records().size(), c.scenario.calls);
      measurement->iterate();
      // Ranks of one process have its CPU time in common: of one alone there are figures.
      if (ranks == 1) {
        EXPECT_EQ(measurement->counters().at("ranks"), 1);
      }
    }
  }
}
INSTANTIATE_TEST_SUITE_P(All, SeveralRanks, testing::ValuesIn(dealt_out()),
                         [](const auto& row) { return std::string(row.param); });

std::string failure_of(Measurement& measurement) {
  try {
    measurement.prepare(false);
    measurement.iterate();
  } catch (const std::exception& failure) {
    return failure.what();
  }
  return "none";
}

TEST(SeveralRanks, SayWhichOfThemFailed) {
  const Case c = small_case("gather", "coroutines", "native", 8);
  MockServer server(SERVER_PROGRAM);
  Ranks ranks(c, 3);
  ranks.suite().cases[0].plan.seed = 77;  // of the others: rank 0 has read another suite
  EXPECT_THAT(
      failure_of(*measurement_of(c, server, ranks)),
      testing::AllOf(HasSubstr("rank 1 (host-1): differs from rank 0: it has "), HasSubstr("\"seed\":77")));
}

TEST(SeveralRanks, ThatAreLostEndTheRun) {
  const Case c = small_case("gather", "coroutines", "native", 8);
  MockServer server(SERVER_PROGRAM);
  Ranks ranks(c, 2);
  const auto measurement = measurement_of(c, server, ranks);
  measurement->prepare(false);
  ranks.router().lose("rank 1 (host-1) has died");
  EXPECT_EQ(failure_of(*measurement), "rank 1 (host-1) has died");
}

TEST(SeveralRanks, AreNotForEachWorkload) {
  const Case c = small_case("first_completed", "coroutines", "native", 8);
  MockServer server(SERVER_PROGRAM);
  Ranks ranks(c, 2);
  EXPECT_THROW(measurement_of(c, server, ranks)->prepare(false), NotApplicable);
}

// -- One run out of several

CallRecord record(Nanoseconds intended, Nanoseconds started, Nanoseconds finished) {
  return {
      .intended = intended, .started = started, .finished = finished, .verdict = Verdict::ok, .attempts = 1};
}

RunOfRank run_of_rank(std::vector<CallRecord> records, Nanoseconds began, std::vector<LedgerCall> calls) {
  RunOfRank made;
  made.records = std::move(records);
  made.run.outcome.began = began;
  for (const CallRecord& one : made.records)
    made.run.outcome.makespan = std::max(made.run.outcome.makespan, one.finished);
  made.run.ledger = {.arrivals = calls.size(), .in_flight_peak = 2, .calls = std::move(calls)};
  return made;
}

TEST(Merging, PutsTimesOnOneClockAndPeaksTogetherByThem) {
  using Point = Recorder::Clock::time_point;
  // Rank 1's clock is an hour ahead, and it began 4 ms after the agreed start at 1 s.
  std::vector<RunOfRank> runs{
      run_of_rank({record(0ms, 1ms, 30ms), record(0ms, 2ms, 40ms)}, 1s,
                  {{.id = 0, .arrived = 1002ms, .due = 1029ms, .ended = 1029ms},
                   {.id = 1, .arrived = 1003ms, .due = 1039ms, .ended = 1039ms}}),
      run_of_rank({record(0ms, 1ms, 20ms), record(5ms, 31ms, 60ms)}, 1h + 1004ms,
                  {{.id = 0, .arrived = 1h + 1006ms, .due = 1h + 1023ms, .ended = 1h + 1023ms},
                   {.id = 1, .arrived = 1h + 1036ms, .due = 1h + 1063ms, .ended = 1h + 1063ms}})};
  runs[1].run.ledger.in_flight_peak = 1;
  RunOfRank storage;
  const fanbench::Run whole =
      merge(runs, {0, 2}, {{}, {.offset = 1h, .uncertainty = 20us}}, Point(1s), storage);
  ASSERT_EQ(whole.outcome.records.size(), 4U);
  EXPECT_EQ(whole.outcome.records[2].intended, 0ms);  // the agreed start is when it was to begin
  EXPECT_EQ(whole.outcome.records[2].started, 5ms);
  EXPECT_EQ(whole.outcome.records[3].intended, 9ms);
  EXPECT_EQ(whole.outcome.records[3].finished, 64ms);
  EXPECT_EQ(whole.outcome.makespan, 64ms);
  EXPECT_EQ(whole.together.start_spread, 4ms);
  EXPECT_EQ(whole.together.clock_uncertainty, 20us);
  EXPECT_EQ(whole.ledger.arrivals, 4U);
  // Three at once, from 6 to 23 ms: neither the greatest of the peaks nor their sum but what the times say.
  EXPECT_EQ(whole.ledger.in_flight_peak, 3U);
  std::vector<CallId> ids;
  for (const LedgerCall& call : whole.ledger.calls) ids.push_back(call.id);
  EXPECT_THAT(ids, testing::ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(whole.ledger.calls[2].arrived, 1006ms);
}

TEST(Merging, AddsUpWhatRanksCost) {
  using Point = Recorder::Clock::time_point;
  std::vector<RunOfRank> runs;
  for (const std::uint64_t n : {1U, 10U}) {
    RunOfRank made = run_of_rank({record(0ms, 1ms, 2ms)}, 1s, {});
    made.run.costs = {.cpu = n * 1ms,
                      .server_cpu = n * 2ms,
                      .switches = {.voluntary = 3 * n, .involuntary = 4 * n},
                      .allocations = Allocations{.calls = 5 * n, .bytes = 6 * n}};
    made.run.peak = Usage{.pss_bytes = 7 * n, .threads = 8 * n, .descriptors = 9 * n};
    made.run.syscalls = 10 * n;
    made.run.ledger.connections_new = 11 * n;
    made.run.outcome.ring = {.entries = 12 * n, .enters = 13 * n};
    made.run.parts = {.ideal = n * 14ms, .served_ideal = n * 15ms};
    runs.push_back(std::move(made));
  }
  RunOfRank storage;
  const fanbench::Run whole = merge(runs, {0, 1}, {{}, {}}, Point(1s), storage);
  EXPECT_EQ(whole.costs.cpu, 11ms);
  EXPECT_EQ(whole.costs.server_cpu, 22ms);
  EXPECT_EQ(whole.costs.switches, (ContextSwitches{.voluntary = 33, .involuntary = 44}));
  EXPECT_EQ(whole.costs.allocations->calls, 55U);
  EXPECT_EQ(whole.costs.allocations->bytes, 66U);
  EXPECT_EQ(whole.peak->pss_bytes, 77U);
  EXPECT_EQ(whole.peak->threads, 88U);
  EXPECT_EQ(whole.peak->descriptors, 99U);
  EXPECT_EQ(whole.syscalls, 110U);
  EXPECT_EQ(whole.instructions, std::nullopt);
  EXPECT_EQ(whole.ledger.connections_new, 121U);
  EXPECT_EQ(whole.outcome.ring.enters, 143U);
  EXPECT_EQ(whole.parts.ideal, 140ms);  // that of the part that takes longest
  EXPECT_EQ(whole.parts.served_ideal, 150ms);
  ASSERT_EQ(whole.together.ranks.size(), 2U);
  EXPECT_EQ(whole.together.ranks[1].cpu, 10ms);
}

TEST(Merging, DoesNotAddPeaksThatWereNotOfOneTime) {
  using Point = Recorder::Clock::time_point;
  const auto one_after_another = [](Nanoseconds first) {
    return run_of_rank({record(0ms, first, first + 10ms)}, 1s,
                       {{.id = 0, .arrived = 1s + first, .due = 1010ms + first, .ended = 1010ms + first}});
  };
  std::vector<RunOfRank> runs{one_after_another(1ms), one_after_another(50ms)};
  for (RunOfRank& run : runs) run.run.ledger.in_flight_peak = 1;
  RunOfRank storage;
  EXPECT_EQ(merge(runs, {0, 1}, {{}, {}}, Point(1s), storage).ledger.in_flight_peak, 1U);
}

TEST(Merging, HasTheQuantilesOfAllRecordsInOnePlace) {
  using Point = Recorder::Clock::time_point;
  std::mt19937_64 random(5);
  std::vector<RunOfRank> runs;
  std::vector<CallId> firsts;
  std::vector<double> all_us;
  CallId first = 0;
  for (const std::size_t calls : {700U, 900U, 5U, 1200U}) {
    std::vector<CallRecord> records;
    for (std::size_t i = 0; i < calls; ++i) {
      const auto started = std::chrono::microseconds(random() % 1000),
                 took = std::chrono::microseconds(random() % 90'000);
      records.push_back(record(0ms, started, started + took));
      all_us.push_back(std::chrono::duration<double, std::micro>(started + took).count());
    }
    runs.push_back(run_of_rank(std::move(records), 1s, {}));
    firsts.push_back(first);
    first += static_cast<CallId>(calls);
  }
  RunOfRank storage;
  const fanbench::Run whole = merge(runs, firsts, std::vector<ClockOffset>(4), Point(1s), storage);
  std::vector<double> merged_us;
  for (const CallRecord& one : whole.outcome.records)
    merged_us.push_back(std::chrono::duration<double, std::micro>(one.finished - one.intended).count());
  for (const double q : {0.5, 0.9, 0.99}) EXPECT_EQ(quantile(merged_us, q), quantile(all_us, q));
}

TEST(Handing, ARunOverKeepsAllOfIt) {
  std::vector<CallRecord> records(3);
  records[1] = record(1ms, 2ms, 3ms);
  std::vector<AttemptRecord> attempts(6);
  attempts[5].retry_after = 7ms;
  fanbench::Run run;
  run.outcome = {.records = records,
                 .attempts = attempts,
                 .events = {{.at = 4ms, .id = 2}},
                 .began = 9s,
                 .makespan = 5ms,
                 .tasks_peak = 8,
                 .ring = {.entries = 3, .enters = 2},
                 .lags = {1ms, 2ms}};
  run.ledger = {.arrivals = 3, .queue_peak = 4, .calls = {{.id = 1, .waited = 6ms}}};
  run.costs.cpu = 11ms;
  run.peak = Usage{.pss_bytes = 12};
  run.missed_start = true;
  const RunOfRank read = ranks::read_run(ranks::to_bytes(run));
  EXPECT_EQ(read.records.at(1).finished, 3ms);
  EXPECT_EQ(read.attempts.at(5).retry_after, 7ms);
  EXPECT_EQ(read.run.outcome.events.at(0).id, 2U);
  EXPECT_EQ(read.run.outcome.lags, run.outcome.lags);
  EXPECT_EQ(read.run.outcome.ring.entries, 3U);
  EXPECT_EQ(read.run.ledger.queue_peak, 4U);
  EXPECT_EQ(read.run.ledger.calls.at(0).waited, 6ms);
  EXPECT_EQ(read.run.costs.cpu, 11ms);
  EXPECT_EQ(read.run.peak->pss_bytes, 12U);
  EXPECT_TRUE(read.run.missed_start);
  std::string bytes = ranks::to_bytes(run);
  bytes.pop_back();
  EXPECT_THROW(ranks::read_run(bytes), std::runtime_error);
  EXPECT_THROW(ranks::read_run(ranks::to_bytes(run) + "x"), std::runtime_error);
}

TEST(Cores, AreSharedOutAmongTheRanksOfAHost) {
  class Place final : public ranks::Party {
   public:
    Place(std::uint32_t rank, std::vector<std::string> hosts) : rank_(rank), hosts_(std::move(hosts)) {}
    std::uint32_t rank() const override { return rank_; }
    std::uint32_t size() const override { return static_cast<std::uint32_t>(hosts_.size()); }
    const std::vector<std::string>& hosts() const override { return hosts_; }
    pid_t launcher() const override { return 0; }
    void send(std::uint32_t, const std::string&) override {}
    std::string receive(std::uint32_t) override { return {}; }
    std::vector<ClockOffset> clocks() override { return {}; }

   private:
    std::uint32_t rank_;
    std::vector<std::string> hosts_;
  };
  const std::vector<std::vector<int>> cores = {{0}, {1}, {2}, {3}, {4}};
  using Cores = std::vector<std::vector<int>>;
  EXPECT_EQ(ranks::cores_of_rank(cores, Place(0, {"a", "b", "a"})), (Cores{{0}, {1}}));
  EXPECT_EQ(ranks::cores_of_rank(cores, Place(2, {"a", "b", "a"})), (Cores{{2}, {3}}));
  EXPECT_EQ(ranks::cores_of_rank(cores, Place(1, {"a", "b", "a"})), cores);
  EXPECT_EQ(ranks::cores_of_rank(cores, Place(1, {"a", "a", "a"})),
            cores);  // one each would be none for servers
}

}  // namespace
}  // namespace fanbench
