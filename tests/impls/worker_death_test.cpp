// A worker process that dies, in any workload and at any moment, loses its own calls and nothing else.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <random>
#include <regex>
#include <thread>

#include "bench/machine/calibration.hpp"
#include "bench/machine/resources.hpp"
#include "bench/measure/termination.hpp"
#include "bench/specification/checks.hpp"
#include "bench/specification/specification.hpp"
#include "bench/targets/server.hpp"
#include "tests/bench/small_case.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;

const ModelEntry& processes() { return *std::ranges::find(models(), "processes", &ModelEntry::name); }

/// A small case of the workload, of jobs that are as long as they can be. No call fails as a lost one does.
Case case_of(std::string_view workload) {
  Case c = example_of(workload, "processes", "native", 6);
  c.scenario.calls = 6;  // or two chains of three
  c.scenario.callers = c.scenario.hosts = 2;
  if (const auto settle = specification_of(workload).settle) settle(c);
  c.cold = true;  // each run has a model of its own
  c.plan.failures.kinds = {503};
  c.scenario.prefetch = 1;
  c.scenario.placement = Placement::offload;
  c.scenario.kernel_steps = kernel_steps_in(c.work);
  return settled(std::move(c));
}

/// What the kernel says of a process under this name; nothing where it is gone.
std::string status_of(pid_t pid, std::string_view name) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  for (std::string word; status >> word;) {
    if (word == name && status >> word) return word;
  }
  return "";
}

/// The worker processes, in order: the children of our only other child, the fork server.
std::vector<pid_t> workers(const MockServer& server) {
  std::vector<pid_t> all = descendants(server.pid());
  std::erase_if(all, [](pid_t pid) { return status_of(pid, "PPid:") == fmt::format("{}", ::getpid()); });
  std::ranges::sort(all);
  return all;
}

/// One run of a case, in the middle of which some of its workers are killed.
class DisturbedRun {
 public:
  explicit DisturbedRun(Case c)
      : case_(std::move(c)),
        records_(case_.scenario.calls),
        attempts_(std::size_t{case_.scenario.calls} * case_.scenario.attempts) {
    case_.scenario.run = server_.create_run(case_.plan);
    if (specification_of(case_.workload).terminates) termination_.emplace();
    model_ = processes().make({.host = server_.host(), .port = server_.port(), .workers = case_.workers});
  }

  /// Runs the workload; when `moment` has come while it still runs, kills these of its workers.
  void go(const std::function<bool()>& moment, const std::function<bool(std::size_t)>& is_victim) {
    Recorder recorder(records_, attempts_);
    const std::jthread killer([&](const std::stop_token& ended) {
      while (!ended.stop_requested() && !moment()) std::this_thread::sleep_for(500us);
      if (ended.stop_requested()) return;
      const auto all = workers(server_);
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (is_victim(i)) ::kill(all[i], SIGKILL);
      }
    });
    if (termination_) termination_->send_at(recorder.began() + case_.scenario.deadline);
    model_->run(case_.workload, case_.scenario, recorder);
    outcome_ = {.records = records_,
                .attempts = attempts_,
                .events = recorder.events(),
                .chosen = recorder.chosen(),
                .began = recorder.began().time_since_epoch(),
                .makespan = Recorder::Clock::now() - recorder.began(),
                .note = recorder.noted(),
                .tasks_peak = recorder.tasks_peak(),
                .lags = recorder.lags()};
  }

  std::uint64_t arrivals() {
    const Ledger ledger = server_.ledger(case_.scenario.run);
    return ledger.arrivals + ledger.messages.in;
  }
  const MockServer& server() const { return server_; }
  const Outcome& outcome() const { return outcome_; }

  /// Calls that ended in the way that a lost one does. None does so by plan.
  std::ptrdiff_t lost() const {
    return std::ranges::count(records_, Verdict::transport_error, &CallRecord::verdict);
  }

  /// Either nothing was lost and the run is as it should be, or the note says which calls were and all others
  /// have ended.
  void expect_true_account() {
    Ledger ledger;
    for (const auto deadline = Recorder::Clock::now() + 5s; Recorder::Clock::now() < deadline;) {
      ledger = server_.ledger(case_.scenario.run);
      if (ledger.open == 0) break;
      std::this_thread::sleep_for(1ms);
    }
    EXPECT_EQ(ledger.open, 0) << "a dead worker's connection is still open";
    EXPECT_EQ(ledger.duplicates, 0);
    if (outcome_.note.empty()) {
      ledger = server_.settled_ledger(case_.scenario.run);
      const auto mistake = verify(specification_of(case_.workload), case_,
                                  processes().most_in_flight({.workers = case_.workers}), outcome_, ledger);
      EXPECT_EQ(mistake, std::nullopt) << *mistake;
      return;
    }
    const std::regex form(
        "worker process [0-9]+ died in the middle of call ([0-9]+)( and took ([0-9]+) more with it)?");
    std::smatch parts;
    ASSERT_TRUE(std::regex_match(outcome_.note, parts, form)) << outcome_.note;
    const CallId first = static_cast<CallId>(std::stoul(parts[1]));
    const CallId count = parts[3].matched ? 1 + static_cast<CallId>(std::stoul(parts[3])) : 1;
    ASSERT_LE(first + count, records_.size()) << outcome_.note;
    for (CallId id = 0; id < records_.size(); ++id) {
      EXPECT_NE(records_[id].verdict, Verdict::none) << "call " << id << " has no verdict: " << outcome_.note;
    }
    for (CallId id = first; id < first + count; ++id) {
      EXPECT_EQ(records_[id].verdict, Verdict::transport_error) << "call " << id << ": " << outcome_.note;
    }
  }

 private:
  Case case_;
  std::vector<CallRecord> records_;
  std::vector<AttemptRecord> attempts_;
  MockServer server_{SERVER_PROGRAM};
  std::optional<Termination> termination_;
  std::unique_ptr<Model> model_;
  Outcome outcome_;
};

class WorkerDeath : public testing::TestWithParam<std::string_view> {};

TEST_P(WorkerDeath, LosesItsOwnCallsAndNothingElse) {
  for (std::uint32_t seed = 0; seed < 4; ++seed) {
    SCOPED_TRACE(seed);
    std::minstd_rand random(seed + 1);
    const Case c = case_of(GetParam());
    const std::size_t victim = random() % c.workers;
    DisturbedRun run(c);
    const auto all = workers(run.server());
    ASSERT_EQ(all.size(), c.workers);
    if (specification_of(GetParam()).in_flight(c) ==
        0) {  // calls nobody: the moment is when the victim has worked for so long
      const Nanoseconds before = cpu_of_process(all[victim]);
      const Nanoseconds worked = random() % 10 * 1ms;
      run.go([&] { return cpu_of_process(all[victim]) - before >= worked; },
             [&](std::size_t i) { return i == victim; });
    } else {
      const std::uint64_t arrivals = 1 + random() % c.scenario.calls;
      run.go([&] { return run.arrivals() >= arrivals; }, [&](std::size_t i) { return i == victim; });
    }
    run.expect_true_account();
    EXPECT_LE(run.lost(), Scenario::stages);  // a job has no more calls
  }
}

INSTANTIATE_TEST_SUITE_P(All, WorkerDeath, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const Specification& row : specifications()) names.push_back(row.workload);
                           return names;
                         }()),
                         [](const auto& row) { return std::string(row.param); });

TEST(Workers, ThatDieInTheMiddleOfCallsAreReplaced) {
  Case c = case_of("gather");
  c.plan.delay = FixedDelay{200ms};
  c.workers = 2;
  DisturbedRun run(c);
  run.go([&] { return run.arrivals() >= 2; }, [](std::size_t) { return true; });
  run.expect_true_account();
  EXPECT_THAT(run.outcome().note, testing::ContainsRegex("died in the middle of call [01]$"));
  EXPECT_EQ(run.lost(), 2);
  EXPECT_EQ(std::ranges::count(run.outcome().records, Verdict::ok, &CallRecord::verdict), 4);
}

TEST(Workers, ThatDieWithAnItemNameTheCallsThatWereLeftOfIt) {
  Case c = case_of("pipeline");
  c.plan.delay = FixedDelay{200ms};
  DisturbedRun run(c);
  run.go([&] { return run.arrivals() >= 4; }, [](std::size_t i) { return i == 0; });
  run.expect_true_account();
  EXPECT_THAT(run.outcome().note, testing::ContainsRegex("call [14] and took 1 more with it$"));
  EXPECT_EQ(run.lost(), 2);
}

TEST(Workers, ThatDieIdleLoseNothing) {
  DisturbedRun run(case_of("gather"));
  for (const pid_t worker : workers(run.server())) {
    ::kill(worker, SIGKILL);
    while (status_of(worker, "State:") != "Z" || status_of(worker, "Threads:") != "1") {
      std::this_thread::sleep_for(1ms);  // its sockets are closed when its last thread is gone
    }
  }
  run.go([] { return false; }, [](std::size_t) { return false; });
  run.expect_true_account();
  EXPECT_EQ(run.outcome().note, "");
}

/// How often this process has the memory of call records mapped.
std::size_t mapped_records() {
  std::ifstream maps("/proc/self/maps");
  const std::string text(std::istreambuf_iterator<char>(maps), {});
  const std::regex name("memfd:fanbench-records");
  return static_cast<std::size_t>(
      std::distance(std::sregex_iterator(text.begin(), text.end(), name), std::sregex_iterator()));
}

TEST(Workers, ThatCannotAllBeStartedLeaveNothingBehind) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit few = before;
  few.rlim_cur = open_descriptors(::getpid()) + 8;
  ::setrlimit(RLIMIT_NOFILE, &few);
  EXPECT_THROW(processes().make({.port = 1, .workers = 20}), std::runtime_error);
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(mapped_records(), 0);
}

}  // namespace
}  // namespace fanbench
