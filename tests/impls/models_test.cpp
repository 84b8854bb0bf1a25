// Every model does every workload over both transports, and each run is verified as in a measurement.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <thread>

#include "bench/machine/resources.hpp"
#include "bench/measure/measurement.hpp"
#include "impls/http/transports.hpp"
#include "tests/bench/cases.hpp"
#include "tests/bench/small_case.hpp"
#include "tests/sanitized.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const ModelEntry& model(std::string_view name) {
  return *std::ranges::find(models(), name, &ModelEntry::name);
}

struct Combination {
  std::string_view workload, model;
  std::string transport;

  std::string name() const { return fmt::format("{}_{}_{}", workload, model, transport); }
  friend std::ostream& operator<<(std::ostream& out, const Combination& row) { return out << row.name(); }
};

std::vector<Combination> all_combinations() {
  std::vector<Combination> all;
  for (const Specification& specification : specifications())
    for (const ModelEntry& entry : models())
      for (const TransportEntry& transport : transports())
        if (entry.supports(specification.workload, transport.name))
          all.push_back({specification.workload, entry.name, std::string(transport.name)});
  return all;
}

std::vector<std::string_view> all_workloads() {
  std::vector<std::string_view> all;
  for (const Specification& specification : specifications()) all.push_back(specification.workload);
  return all;
}

Case case_of(const Combination& combination, std::uint32_t size) {
  return small_case(combination.workload, combination.model, combination.transport, size);
}

/// Runs the case twice, the second time timed, both verified; false where the model cannot do the workload.
bool verified(const Case& c) {
  MockServer server(SERVER_PROGRAM);
  Measurement measurement(c, model(c.model), server);
  try {
    measurement.prepare(false);
    measurement.iterate();
    EXPECT_EQ(measurement.counters().at("verified"), 1);
  } catch (const NotApplicable&) {
    return false;
  } catch (const WrongResult& wrong) {
    ADD_FAILURE() << c.workload << ' ' << c.model << ' ' << c.transport << ": " << wrong.what();
  }
  return true;
}

/// Half of the calls have to be under way before something happens.
bool asks_for_a_start_in_time(std::string_view workload) {
  return workload == "early_start" || specification_of(workload).gives_up;
}

/// Why the model cannot be had on this machine, if so: containers forbid io_uring, and old kernels have none.
std::string absent(const ModelEntry& entry) {
  try {
    if (entry.name.ends_with("uring")) entry.make({});
  } catch (const NotApplicable& reason) {
    return reason.what();
  }
  return {};
}

class Models : public testing::TestWithParam<Combination> {
 protected:
  void SetUp() override {
    const std::string reason = absent(model(GetParam().model));
    if (!reason.empty()) GTEST_SKIP() << reason;
  }
};

TEST_P(Models, DoTheirWorkloadsWarm) {
  static const std::set<std::string_view> need_more_at_once = {
      "first_completed", "producer_consumer", "early_start", "shield", "hedged", "page", "bridge",
      "drain",           "broadcast"};
  const bool needs_more_at_once = need_more_at_once.contains(GetParam().workload);
  const bool has_websockets = GetParam().transport != "curl";
  const bool can = (GetParam().model != "sequential" || !needs_more_at_once) &&
                   (has_websockets || !specification_of(GetParam().workload).subscribes);
  EXPECT_EQ(verified(case_of(GetParam(), 8)), can);
}
TEST_P(Models, DoTheirWorkloadsCold) {
  if (thread_sanitized && GetParam().model == "tbb" && asks_for_a_start_in_time(GetParam().workload))
    GTEST_SKIP() << "with ThreadSanitizer oneTBB takes longer to start its threads than the plan allows";
  if (sanitized && GetParam().model == "processes" &&
      (GetParam().workload == "shield" || GetParam().workload == "crawl"))
    GTEST_SKIP() << "with a sanitizer workers take longer to start than there is until the deadline";
  Case c = case_of(GetParam(), 8);
  c.cold = true;
  verified(settled(c));  // workers that are made first leave less to tell
}
TEST_P(Models, DoTheirWorkloadsWithAConnectionForEachCall) {
  Case c = case_of(GetParam(), 4);
  c.connection = Connection::per_call;
  verified(c);
}
TEST_P(Models, DoASingleCall) {
  static const std::set<std::string_view> of_several = {"shield", "background", "page", "drain",
                                                        "crawl"};  // one call shows nothing
  const auto& [workload, model, transport] = GetParam();
  if (of_several.contains(workload))
    EXPECT_NE(specification_of(workload).refuse(example_of(workload, model, transport, 1)), std::nullopt);
  else
    verified(case_of(GetParam(), 1));
}

INSTANTIATE_TEST_SUITE_P(All, Models, testing::ValuesIn(all_combinations()),
                         [](const auto& row) { return row.param.name(); });

/// What a workload can be beside its default, and whether a model without concurrency can do that, and the
/// floor.
struct Variant {
  std::string_view name, workload;
  void (*choose)(Case&);
  bool sequential, floor = true;

  friend std::ostream& operator<<(std::ostream& out, const Variant& variant) { return out << variant.name; }
};
const Variant variants[] = {
    {"group_timeout", "timeout", [](Case& c) { c.scenario.scope = Scope::group; }, false},
    {"lifo", "producer_consumer", [](Case& c) { c.scenario.order = Order::lifo; }, false},
    {"priority", "producer_consumer", [](Case& c) { c.scenario.order = Order::priority; }, false},
    {"barrier", "pipeline", [](Case& c) { c.scenario.mode = Mode::barrier; }, true},
    {"prefetch", "paginate",
     [](Case& c) {
       c.scenario.prefetch = 1;
       c.scenario.consume = 150ms;  // time to begin to fetch ahead in, however busy the machine is
     },
     false},
    {"unlimited", "retry", [](Case& c) { c.scenario.limit = 0; }, true},
    {"offload", "mixed", [](Case& c) { c.scenario.placement = Placement::offload; }, false},
    {"all_slow", "hedged",  // the budget is soon spent, and the copies stop
     [](Case& c) {
       c.plan.delay = FixedDelay{400ms};
       c.hedge_budget = 0.25;
       specification_of("hedged").settle(c);
     },
     false},
    {"pages_without_end", "page",  // neither hedged nor in time
     [](Case& c) {
       c.scenario.hedge_after = c.scenario.deadline = {};
       c.hedge_budget = 1;
       specification_of("page").settle(c);
     },
     true},
    {"backoff", "rate_limited",
     [](Case& c) {
       c.scenario.heeds_retry_after = false;
       c.scenario.backoff = 5ms;
     },
     true},
    {"offloading_crawl", "crawl", [](Case& c) { c.scenario.placement = Placement::offload; }, false},
    {"whole_crawl", "crawl", [](Case& c) { c.scenario.deadline = 5s; }, true},
    {"given_up", "stream",
     [](Case& c) {
       c.plan.stream = {.events = 20, .interval = 25ms, .sse = true, .split = true};
       c.scenario.deadline = 130ms;
     },
     false},
    {"slots", "semaphore",  // of so many calls a busy machine does not turn the order
     [](Case& c) {
       c.plan.capacity.slots = 2;
       c.scenario.calls = 14;
     },
     true},
    {"watchdog", "gather", [](Case& c) { c.scenario.watchdog = true; }, true, false},
};

/// Models whose workers are event loops: calls, limits, queues and cancellation cross from loop to loop.
class SeveralLoops : public Models {};

TEST_P(SeveralLoops, DoEveryWorkload) {
  const bool has_websockets = GetParam().transport != "curl";
  const bool can = has_websockets || !specification_of(GetParam().workload).subscribes;
  Case c = case_of(GetParam(), 8);
  for (const bool cold : {false, true}) {
    c.cold = cold;
    c.workers = 3;
    EXPECT_EQ(verified(settled(c)), can);
  }
  Case few_calls = case_of(GetParam(), 4);
  few_calls.workers = 9;
  EXPECT_EQ(verified(few_calls), can);
  few_calls.workers = 2;
  few_calls.connection = Connection::per_call;
  EXPECT_EQ(verified(few_calls), can);
}
INSTANTIATE_TEST_SUITE_P(All, SeveralLoops, testing::ValuesIn([] {
                           auto all = all_combinations();
                           std::erase_if(all,
                                         [](const Combination& one) { return !model(one.model).has_loops; });
                           return all;
                         }()),
                         [](const auto& row) { return row.param.name(); });

class Variants : public testing::TestWithParam<Variant> {};

TEST_P(Variants, OfAWorkloadInEachModel) {
  const Variant& variant = GetParam();
  for (const ModelEntry& entry : models()) {
    for (const std::string transport : {"native", "curl"}) {
      SCOPED_TRACE(fmt::format("{} {}", entry.name, transport));
      if (!entry.supports(variant.workload, transport) || !absent(entry).empty()) continue;
      Case c = case_of({variant.workload, entry.name, transport}, 8);
      variant.choose(c);
      const bool can = entry.name == "sequential" ? variant.sequential
                       : entry.yardstick          ? variant.floor
                                                  : true;
      EXPECT_EQ(verified(settled(c)), can);
      if (!entry.has_loops) continue;
      c.workers = 3;
      EXPECT_EQ(verified(settled(c)), can);
    }
  }
}
INSTANTIATE_TEST_SUITE_P(All, Variants, testing::ValuesIn(variants),
                         [](const auto& variant) { return std::string(variant.param.name); });

/// Long enough for the ledger to show who has a permit.
TEST(Models, LeaveTheirPermitsToOthersWhileTheyWait) {
  for (const ModelEntry& entry : models()) {
    if (!entry.supports("retry", "native") || !absent(entry).empty()) continue;
    Case c = cases::limited_retry_case();
    c.model = entry.name;
    EXPECT_TRUE(verified(settled(c))) << entry.name;
    if (!entry.has_loops) continue;
    c.workers = 2;
    EXPECT_TRUE(verified(settled(c))) << entry.name;
  }
}

class FewWorkers : public testing::TestWithParam<std::string_view> {};

TEST_P(FewWorkers, DoEveryWorkload) {
  static const std::set<std::string_view> need_all_at_once = {"first_completed", "shield", "hedged", "page",
                                                              "broadcast"};
  for (const std::string_view name : {"thread_pool", "tbb", "processes"}) {
    SCOPED_TRACE(name);
    Case c = case_of({GetParam(), name, "native"}, 8);
    if (c.workers < 3) continue;
    c.workers = 2;
    EXPECT_EQ(verified(c), !need_all_at_once.contains(GetParam()));
  }
}
INSTANTIATE_TEST_SUITE_P(All, FewWorkers, testing::ValuesIn(all_workloads()),
                         [](const auto& workload) { return std::string(workload.param); });

TEST(Models, WithFewerWorkersThanCallsAreJustSlower) {
  for (const std::string_view name : {"thread_pool", "tbb", "processes"}) {
    Case c = case_of({"gather", name, "native"}, 7);
    c.workers = 2;
    MockServer server(SERVER_PROGRAM);
    Measurement measurement(c, model(name), server);
    measurement.prepare(false);
    measurement.iterate();
    EXPECT_EQ(measurement.counters().at("in_flight_peak"), 2) << name;
  }
}

TEST(Models, WithOneWorkerMakeOneCallAtATime) {
  for (const std::string_view workload : {"gather", "semaphore"}) {
    for (const std::string_view name : {"thread_pool", "tbb", "processes"}) {
      Case c = case_of({workload, name, "native"}, 3);
      c.workers = 1;
      c.scenario.limit = workload == "semaphore" ? 1 : 0;
      MockServer server(SERVER_PROGRAM);
      Measurement measurement(c, model(name), server);
      measurement.prepare(false);
      measurement.iterate();
      EXPECT_EQ(measurement.counters().at("in_flight_peak"), 1) << workload << ' ' << name;
    }
  }
}

/// Cold, so that most calls are cancelled while they connect, write, or have not reached their worker.
void cancel_what_has_hardly_begun(Case c) {
  SCOPED_TRACE(fmt::format("{} {} {}", c.model, c.transport, c.workers));
  c.plan = {.seed = 1, .delay = BimodalDelay{0ms, 60s, 0.99}};  // one call is answered at once
  const auto quick_ones = [&c] {
    int count = 0;
    for (CallId id = 0; id < c.scenario.calls; ++id) count += planned_reply(c.plan, id, 0).delay < 1s;
    return count;
  };
  while (quick_ones() != 1) ++c.plan.seed;
  c.cold = true;
  MockServer server(SERVER_PROGRAM);
  Measurement measurement(c, model(c.model), server);
  try {
    measurement.prepare(false);
    for (int i = 0; i < 5; ++i) measurement.iterate();
    EXPECT_EQ(measurement.counters().at("cancelled"), 59);
  } catch (const WrongResult& wrong) {
    ADD_FAILURE() << wrong.what();
  }
}

TEST(Models, CancelWhatHasHardlyBegun) {
  for (const ModelEntry& entry : models()) {
    if (entry.name == "sequential" || !absent(entry).empty()) continue;
    for (const std::string transport : {"native", "curl"}) {
      if (!entry.supports("first_completed", transport)) continue;
      Case c = case_of({"first_completed", entry.name, transport}, 60);
      cancel_what_has_hardly_begun(c);
      if (!entry.has_loops) continue;
      c.workers = 3;
      cancel_what_has_hardly_begun(c);
    }
  }
}

TEST(Models, TakeLargeBodies) {
  for (const std::string_view name : {"coroutines", "threads", "floor", "floor_uring"}) {
    if (!absent(model(name)).empty()) continue;
    for (const std::string transport : {"native", "curl"}) {
      if (!model(name).supports("gather", transport)) continue;
      Case c = case_of({"gather", name, transport}, 2);
      c.plan.body_bytes = 20'000'000;
      MockServer server(SERVER_PROGRAM);
      Measurement measurement(c, model(name), server);
      measurement.prepare(false);
    }
  }
}

/// Waits until `condition` holds; fails the test if it never does.
template <class Condition>
void wait_until(Condition condition) {
  for (const auto deadline = std::chrono::steady_clock::now() + 20s; !condition();) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the awaited condition never came";
    std::this_thread::sleep_for(1ms);
  }
}

TEST(Trouble, AKilledServerIsNamed) {
  for (const ModelEntry& entry : models()) {
    if (!absent(entry).empty()) continue;
    const bool has_curl = entry.supports("gather", "curl");
    Case c = case_of({"gather", entry.name, has_curl ? "curl" : "native"}, 4);
    c.plan.delay = FixedDelay{300s};
    c.connection = Connection::per_call;
    MockServer server(SERVER_PROGRAM);
    Measurement measurement(c, entry, server);
    const pid_t pid = server.pid();
    const std::size_t before = open_descriptors(pid);
    std::jthread killer([pid, before] {
      wait_until([&] { return open_descriptors(pid) > before + 1; });  // a call has come
      ::kill(pid, SIGKILL);
    });
    try {
      measurement.prepare(false);
      FAIL() << "a run without its server was verified";
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("died: killed by signal 9")) << entry.name;
    }
  }
}

TEST(Trouble, AServerThatCannotStartIsNamed) {
  try {
    MockServer server("/nonexistent/fanbench-server");
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/nonexistent/fanbench-server did not start"));
  }
}

TEST(Backoff, DoublesWithJitterAndHonoursTheServer) {
  const Scenario scenario{.seed = 5, .backoff = 100ms};
  for (Attempt k = 0; k < 5; ++k) {
    const Nanoseconds full = 100ms * (1 << k);
    EXPECT_GE(backoff(scenario, 1, k, {}), full / 2);
    EXPECT_LT(backoff(scenario, 1, k, {}), full);
  }
  EXPECT_NE(backoff(scenario, 1, 0, {}), backoff(scenario, 2, 0, {}));
  EXPECT_EQ(backoff(scenario, 1, 0, 3s), 3s);
}

}  // namespace
}  // namespace fanbench
