// Suites: what a file asks for becomes these cases, and what is wrong in it is said in one line.
#include "bench/suite/suite.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "bench/specification/specification.hpp"
#include "bench/suite/contestants.hpp"
#include "impls/http/transports.hpp"

namespace fanbench {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

const std::string head = "description = \"A test\"\n";

/// A suite of what follows the description's line, its first line being line 2; for a client with two CPUs.
Suite parse(const std::string& rest) {
  Suite suite = parse_suite(head + rest, "some/quick.toml");
  for (Case& c : suite.cases) resolve(c, 2);
  return suite;
}

std::vector<std::string> names(const Suite& suite) {
  std::vector<std::string> all;
  for (const Case& c : suite.cases) all.push_back(c.name);
  return all;
}

/// A scenario of one model over one transport.
std::string scenario(const std::string& keys, const std::string& model = "coroutines") {
  return "[[scenario]]\nmodels = \"" + model + "\"\ntransports = \"native\"\n" + keys;
}

/// The names of all rows, as messages list them.
template <class Rows, class Name>
std::string quoted(const Rows& rows, Name name) {
  std::string list;
  for (const auto& row : rows) list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", row.*name);
  return list;
}

/// Models of ours, by the transports over which they have it.
std::size_t ways_to_gather() {
  std::size_t ways = 0;
  for (const ModelEntry& model : models()) {
    for (const TransportEntry& transport : transports()) ways += model.supports("gather", transport.name);
  }
  return ways;
}

TEST(Suite, HasItsFilesNameItsDescriptionAndItsRounds) {
  const Suite suite = parse("rounds = 7\n" + scenario("workload = \"gather\"\n"));
  EXPECT_EQ(suite.name, "quick");
  EXPECT_EQ(suite.description, "A test");
  EXPECT_EQ(suite.rounds, 7);
}

TEST(Suite, MayHaveABudget) {
  const std::string rest = scenario("workload = \"gather\"\n");
  EXPECT_EQ(parse(rest).budget, std::nullopt);
  EXPECT_TRUE(to_json(parse(rest)).at("budget_s").is_null());
  const Suite suite = parse("budget = \"100s\"\n" + rest);
  EXPECT_EQ(suite.budget, 100s);
  EXPECT_EQ(to_json(suite).at("budget_s"), 100.0);
}

TEST(Suite, ScenarioWithoutKeysIsEveryModelOverBothTransports) {
  const Suite suite = parse("[[scenario]]\nworkload = \"gather\"\n");
  ASSERT_EQ(suite.cases.size(), ways_to_gather());
  EXPECT_EQ(suite.rounds, 1);
  EXPECT_EQ(suite.cases[0].name, "gather/coroutines/native/calls:1/latency:200ms/start:warm");
  EXPECT_EQ(suite.cases[1].name, "gather/coroutines/curl/calls:1/latency:200ms/start:warm");
  EXPECT_EQ(suite.cases.back().name, "gather/floor_uring/native/calls:1/latency:200ms/start:warm");
  EXPECT_EQ(suite.cases[0].iterations, 3);
  EXPECT_FALSE(suite.cases[0].timeline);
}

TEST(Suite, LatenciesMayBeInAFileBesideIt) {
  std::string folder = testing::TempDir() + "suite_test.XXXXXX";  // others' files may have such names as well
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::ofstream(folder + "/api.txt") << "# ours, in May\n12ms\n15.5ms\n";
  const Suite suite = parse_suite(
      "description = \"A test\"\n" + scenario("workload = \"gather\"\nlatency = \"file:api.txt\"\n"),
      folder + "/quick.toml");
  ASSERT_EQ(suite.cases.size(), 1);
  EXPECT_EQ(suite.cases[0].name, "gather/coroutines/native/calls:1/latency:file:api.txt/start:warm");
  EXPECT_EQ(parameters_json(suite.cases[0])["latency"], "file:api.txt");
  EXPECT_EQ(format_delay(suite.cases[0].plan.delay), "samples:12ms,15.5ms");
  std::ofstream(folder + "/api.txt") << "12ms\nsoon\n";
  try {
    parse_suite(
        "description = \"A test\"\n" + scenario("workload = \"gather\"\nlatency = \"file:api.txt\"\n"),
        folder + "/quick.toml");
    FAIL() << "a file with a line that is no delay was read";
  } catch (const SuiteError& error) {
    EXPECT_THAT(error.what(), HasSubstr("/api.txt: "));
    EXPECT_THAT(error.what(), HasSubstr("soon"));
  }
  std::filesystem::remove_all(folder);
}

TEST(Suite, TheFloorHasItsTwoWorkloadsOverNativeOnly) {
  const Suite suite =
      parse("[[scenario]]\nworkload = [\"gather\", \"retry\"]\nmodels = [\"floor\", \"threads\"]\n");
  std::vector<std::string> floors;
  for (const Case& c : suite.cases)
    if (c.model == "floor") floors.push_back(c.name);
  EXPECT_THAT(floors, testing::ElementsAre("gather/floor/native/calls:1/latency:200ms/start:warm"));
}

TEST(Suite, EveryKeyReachesItsCase) {
  const Suite suite = parse(scenario(R"(
workload = "retry"
calls = 20
latency = "uniform:min=10ms,max=50ms"
start = "cold"
connection = "per_call"
attempts = 4
backoff = "5ms"
failures = { rate = 0.25, attempts = 2, kinds = [503, "reset"], retry_after = "20ms" }
slots = 16
body_bytes = 128
seed = 9
workers = 6
iterations = 5
timeline = true
)",
                                     "processes"));
  ASSERT_EQ(suite.cases.size(), 1);
  const Case& c = suite.cases[0];
  EXPECT_EQ(c.workload, "retry");
  EXPECT_EQ(c.model, "processes");
  EXPECT_EQ(c.transport, "native");
  EXPECT_TRUE(c.cold);
  EXPECT_EQ(c.connection, Connection::per_call);
  EXPECT_EQ(c.scenario.calls, 20);
  EXPECT_EQ(c.scenario.attempts, 4);
  EXPECT_EQ(c.scenario.backoff, 5ms);
  EXPECT_EQ(c.scenario.seed, 9);
  EXPECT_EQ(c.plan.seed, 9);
  EXPECT_EQ(std::get<UniformDelay>(c.plan.delay).max, 50ms);
  EXPECT_EQ(c.plan.failures.rate, 0.25);
  EXPECT_EQ(c.plan.failures.attempts, 2);
  EXPECT_THAT(c.plan.failures.kinds, ElementsAre(503, Failures::reset));
  EXPECT_EQ(c.plan.failures.retry_after, 20ms);
  EXPECT_EQ(c.plan.capacity.slots, 16);
  EXPECT_EQ(c.plan.body_bytes, 128);
  EXPECT_EQ(c.workers, 6);
  EXPECT_EQ(c.iterations, 5);
  EXPECT_TRUE(c.timeline);
  EXPECT_EQ(c.name,
            "retry/processes/native/calls:20/latency:uniform:min=10ms,max=50ms/start:cold"
            "/attempts:4/backoff:5ms/failures:rate=0.25:attempts=2:kinds=503-reset:retry_after=20ms"
            "/workers:6/connection:per_call/slots:16/body_bytes:128/seed:9");
}

TEST(Suite, EachWorkloadHasItsOwnKeys) {
  const Suite suite = parse(scenario(R"(
workload = "timeout"
deadline = "100ms"
scope = "group"
[[scenario]]
workload = "producer_consumer"
models = "thread_pool"
transports = "curl"
calls = 30
producers = 2
consumers = 4
capacity = 8
order = "lifo"
[[scenario]]
workload = "pipeline"
models = "processes"
transports = "curl"
calls = 30
mode = "barrier"
[[scenario]]
workload = "paginate"
models = "processes"
transports = "curl"
calls = 30
pages = 5
prefetch = 1
consume = "15ms"
[[scenario]]
workload = "mixed"
models = "threads"
transports = "curl"
cpu_per_call = "2ms"
placement = "offload"
[[scenario]]
workload = "cpu"
models = "threads"
transports = "curl"
cpu_per_call = "2ms"
)"));
  ASSERT_EQ(suite.cases.size(), 6);
  const Case &timeout = suite.cases[0], &queue = suite.cases[1], &pipeline = suite.cases[2],
             &paginate = suite.cases[3], &mixed = suite.cases[4];
  EXPECT_EQ(timeout.scenario.deadline, 100ms);
  EXPECT_EQ(timeout.scenario.scope, Scope::group);
  EXPECT_EQ(queue.scenario.producers, 2);
  EXPECT_EQ(queue.scenario.consumers, 4);
  EXPECT_EQ(queue.scenario.capacity, 8);
  EXPECT_EQ(queue.scenario.order, Order::lifo);
  EXPECT_EQ(queue.workers, 4);
  EXPECT_EQ(pipeline.scenario.mode, Mode::barrier);
  EXPECT_EQ(pipeline.plan.chain, 3);
  EXPECT_EQ(pipeline.workers, 10);
  EXPECT_EQ(paginate.scenario.pages, 5);
  EXPECT_EQ(paginate.scenario.prefetch, 1);
  EXPECT_EQ(paginate.scenario.consume, 15ms);
  EXPECT_EQ(paginate.plan.chain, 5);
  EXPECT_EQ(paginate.workers, 6);
  EXPECT_EQ(mixed.work, 2ms);
  EXPECT_EQ(mixed.scenario.placement, Placement::offload);
  EXPECT_EQ(mixed.scenario.cpus, 2);
  const std::string rest = "/latency:200ms/start:warm";
  EXPECT_THAT(names(suite),
              ElementsAre("timeout/coroutines/native/calls:1" + rest + "/deadline:100ms/scope:group",
                          "producer_consumer/thread_pool/curl/calls:30" + rest +
                              "/producers:2/consumers:4/capacity:8/order:lifo",
                          "pipeline/processes/curl/calls:30" + rest + "/mode:barrier",
                          "paginate/processes/curl/calls:30" + rest + "/pages:5/prefetch:1/consume:15ms",
                          "mixed/threads/curl/calls:1" + rest + "/cpu_per_call:2ms/placement:offload",
                          "cpu/threads/curl/calls:1/latency:0ms/start:warm/cpu_per_call:2ms/pin:shared"));
}

TEST(Suite, RetryMayHaveALimit) {
  const Suite suite = parse(scenario(R"(
workload = "retry"
calls = 200
latency = "35ms"
limit = [50, 500]
failures = { rate = 0.03 }
[[scenario]]
workload = "retry"
models = "thread_pool"
transports = "native"
)"));
  const std::string rest = "/attempts:3/backoff:10ms/failures:rate=0.03:attempts=1:kinds=503";
  EXPECT_THAT(
      names(suite),
      ElementsAre("retry/coroutines/native/calls:200/latency:35ms/start:warm/limit:50" + rest,
                  "retry/coroutines/native/calls:200/latency:35ms/start:warm/limit:500" + rest,
                  "retry/thread_pool/native/calls:1/latency:200ms/start:warm/attempts:3/backoff:10ms"));
  EXPECT_EQ(suite.cases[0].scenario.limit, 50);
  EXPECT_EQ(suite.cases[2].scenario.limit, 0);
  EXPECT_EQ(parameters_json(suite.cases[0]).at("limit"), 50);
  EXPECT_FALSE(parameters_json(suite.cases[2]).contains("limit"));
}

TEST(Suite, KeysOfOneNameAreReadInOneWay) {
  std::map<std::string_view, std::string> values;
  for (const Specification& specification : specifications()) {
    for (const Key& key : specification.keys) {
      const auto [first, is_new] = values.emplace(key.name, key.values);
      EXPECT_TRUE(is_new || first->second == key.values) << specification.workload << ' ' << key.name;
    }
  }
}

TEST(Suite, ListsMakeEveryCombinationOnce) {
  const Suite suite = parse(scenario(R"(
workload = "gather"
calls = [1, 10]
latency = ["20ms", "200ms"]
start = ["warm", "cold"]
)"));
  EXPECT_THAT(names(suite), ElementsAre("gather/coroutines/native/calls:1/latency:20ms/start:warm",
                                        "gather/coroutines/native/calls:1/latency:20ms/start:cold",
                                        "gather/coroutines/native/calls:1/latency:200ms/start:warm",
                                        "gather/coroutines/native/calls:1/latency:200ms/start:cold",
                                        "gather/coroutines/native/calls:10/latency:20ms/start:warm",
                                        "gather/coroutines/native/calls:10/latency:20ms/start:cold",
                                        "gather/coroutines/native/calls:10/latency:200ms/start:warm",
                                        "gather/coroutines/native/calls:10/latency:200ms/start:cold"));
}

TEST(Suite, EveryScalarKeyMayBeAList) {
  const Suite suite = parse(R"(
[[scenario]]
workload = "retry"
models = ["threads", "processes"]
transports = ["native", "curl"]
connection = ["reuse", "per_call"]
attempts = [2, 3]
backoff = ["1ms", "2ms"]
failures = [{ rate = 0.1 }, { rate = 0.2 }]
body_bytes = [16, 32]
seed = [1, 2]
[[scenario]]
workload = "semaphore"
models = "thread_pool"
transports = "curl"
limit = [1, 2]
workers = [0, 5]
)");
  EXPECT_EQ(suite.cases.size(), 2 * 2 * 64 + 4);
  const auto all = names(suite);
  EXPECT_EQ(std::set(all.begin(), all.end()).size(), all.size());
}

TEST(Suite, DefaultsFillWhatAScenarioLeavesOut) {
  const Suite suite = parse(R"(
[defaults]
transports = ["curl"]
models = ["threads"]
calls = 5
latency = "1s"
iterations = 2
timeline = true
[[scenario]]
workload = "gather"
latency = "2s"
[[scenario]]
workload = "gather"
models = "coroutines"
timeline = false
)");
  EXPECT_THAT(names(suite), ElementsAre("gather/threads/curl/calls:5/latency:2s/start:warm",
                                        "gather/coroutines/curl/calls:5/latency:1s/start:warm"));
  EXPECT_EQ(suite.cases[0].iterations, 2);
  EXPECT_TRUE(suite.cases[0].timeline);
  EXPECT_FALSE(suite.cases[1].timeline);
}

TEST(Suite, DefaultsReachOnlyTheCasesThatHaveTheKey) {
  const Suite suite = parse(R"(
[defaults]
models = ["threads", "thread_pool"]
transports = "native"
limit = 3
workers = 4
attempts = 5
calls = 10
[[scenario]]
workload = ["gather", "semaphore", "retry"]
)");
  const std::string tail = "/native/calls:10/latency:200ms/start:warm";
  EXPECT_THAT(names(suite),
              ElementsAre("gather/threads" + tail, "gather/thread_pool" + tail + "/workers:4",
                          "semaphore/threads" + tail + "/limit:3",
                          "semaphore/thread_pool" + tail + "/limit:3/workers:4",
                          "retry/threads" + tail + "/limit:3/attempts:5/backoff:10ms",
                          "retry/thread_pool" + tail + "/limit:3/attempts:5/backoff:10ms/workers:4"));
}

TEST(Suite, SlotsAreForWorkloadsWhoseOutcomeTheyLeaveKnown) {
  const Suite suite = parse(R"(
[defaults]
models = "threads"
transports = "native"
slots = [0, 4]
[[scenario]]
workload = ["gather", "task_group"]
[[scenario]]
workload = "rate_limited"
per_second = 50
limit = 3
)");
  const std::string tail = "/threads/native/calls:1/latency:200ms/start:warm",
                    quota = "/per_second:50/burst:1/limit:3/on_429:retry_after";
  EXPECT_THAT(names(suite),
              ElementsAre("gather" + tail, "gather" + tail + "/slots:4", "task_group" + tail,
                          "rate_limited" + tail + quota, "rate_limited" + tail + quota + "/slots:4"));
  const Capacity& both = suite.cases[4].plan.capacity;
  EXPECT_EQ(both, (Capacity{.slots = 4, .per_second = 50}));
  EXPECT_EQ(parse_plan(format_plan(suite.cases[4].plan)).capacity, both);
  EXPECT_EQ(parameters_json(suite.cases[1]).at("slots"), 4);
}

TEST(Suite, WorkersAreAsManyAsCallsCanBeInFlightUnlessTheSuiteSays) {
  const Suite suite = parse(R"(
[[scenario]]
workload = "gather"
models = ["coroutines", "thread_pool", "processes"]
transports = "native"
calls = 50
[[scenario]]
workload = "semaphore"
models = ["thread_pool"]
transports = "native"
calls = [5, 50]
limit = 8
)");
  std::vector<std::uint32_t> workers;
  for (const Case& c : suite.cases) workers.push_back(c.workers);
  EXPECT_THAT(workers, ElementsAre(1, 50, 50, 5, 8));
  for (const Case& c : suite.cases) EXPECT_EQ(c.name.find("workers"), std::string::npos) << c.name;
}

TEST(Suite, LoopsAreOneUnlessTheSuiteSays) {
  const Suite suite = parse(R"(
[[scenario]]
workload = "gather"
models = ["coroutines", "thread_pool"]
transports = "native"
calls = 50
workers = [0, 4]
)");
  std::vector<std::uint32_t> workers;
  for (const Case& c : suite.cases) workers.push_back(c.workers);
  EXPECT_THAT(workers, testing::UnorderedElementsAre(1, 4, 50, 4));
}

TEST(Suite, IsListedAsJson) {
  const auto json = to_json(parse(R"(
[[scenario]]
workload = "semaphore"
models = "thread_pool"
transports = "curl"
calls = 20
limit = 10
[[scenario]]
workload = "retry"
models = "coroutines"
transports = "native"
failures = { rate = 0.5, kinds = ["reset"] }
timeline = true
)"));
  EXPECT_EQ(json["suite"], "quick");
  EXPECT_EQ(json["description"], "A test");
  EXPECT_EQ(json["rounds"], 1);
  EXPECT_EQ(json["cases"][0], nlohmann::ordered_json::parse(R"({
    "name": "semaphore/thread_pool/curl/calls:20/latency:200ms/start:warm/limit:10",
    "workload": "semaphore", "model": "thread_pool", "transport": "curl",
    "parameters": {"calls": 20, "latency": "200ms", "start": "warm", "connection": "reuse", "limit": 10,
                   "workers": 0, "ranks": 0, "pin": "apart", "watchdog": false, "slots": 0, "body_bytes": 64, "seed": 1, "iterations": 3},
    "timeline": false, "in_flight": 10, "ideal_s": 0.4, "expected_s": 1.6})"));
  EXPECT_EQ(json["cases"][1]["parameters"], nlohmann::ordered_json::parse(R"({
    "calls": 1, "latency": "200ms", "start": "warm", "connection": "reuse", "attempts": 3, "backoff": "10ms",
    "failures": {"rate": 0.5, "attempts": 1, "kinds": ["reset"], "retry_after": "0ms"},
    "workers": 0, "ranks": 0, "pin": "apart", "watchdog": false, "slots": 0, "body_bytes": 64, "seed": 1, "iterations": 3})"));
  EXPECT_EQ(json["cases"][1]["timeline"], true);
}

struct Wrong {
  const char* name;
  std::string rest;  // after the description's line
  std::string error;

  friend std::ostream& operator<<(std::ostream& out, const Wrong& wrong) { return out << wrong.name; }
};

class WrongSuite : public testing::TestWithParam<Wrong> {};

TEST_P(WrongSuite, IsRefusedInOneLine) {
  try {
    parse(GetParam().rest);
    FAIL() << "was accepted";
  } catch (const SuiteError& error) {
    EXPECT_EQ(std::string(error.what()), "some/quick.toml:" + GetParam().error);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
  }
}

std::string gather(const std::string& keys) { return "[[scenario]]\nworkload = \"gather\"\n" + keys; }

INSTANTIATE_TEST_SUITE_P(
    Suite, WrongSuite,
    testing::Values(
        Wrong{"NoScenario", "", "1: scenario: expected at least one [[scenario]], got none"},
        Wrong{"OneTableForScenarios", "[scenario]\nworkload = \"gather\"\n",
              "2: scenario: expected [[scenario]] tables, got a table"},
        Wrong{"UnknownKeyOfTheSuite", "round = 3\n",
              R"(2: round: expected a known key (did you mean rounds?), got "round")"},
        Wrong{"UnknownKeyOfAScenario", gather("latencie = \"1s\"\n"),
              R"(4: latencie: expected a known key (did you mean latency?), got "latencie")"},
        Wrong{"UnknownKeyOfDefaults", "[defaults]\nworker = 3\n" + gather(""),
              R"(3: worker: expected a known key (did you mean workers?), got "worker")"},
        Wrong{"WhatOtherToolsCallAKey", "[[scenario]]\nworkload = \"retry\"\nretries = 3\n",
              R"(4: retries: expected a known key (did you mean attempts?), got "retries")"},
        Wrong{"WhatOtherToolsCallAKeyOfBothWorkloads",
              "[[scenario]]\nworkload = [\"semaphore\", \"worker_pool\"]\nconcurrency = 3\n",
              R"(4: concurrency: expected a known key (did you mean limit?), got "concurrency")"},
        Wrong{"WhatOtherToolsCallAKeyOfDefaults", "[defaults]\ntimeout = \"1s\"\n" + gather(""),
              R"(3: timeout: expected a known key (did you mean deadline?), got "timeout")"},
        Wrong{"WhatOtherToolsCallAKeyOfAll", gather("delay = \"1s\"\n"),
              R"(4: delay: expected a known key (did you mean latency?), got "delay")"},
        Wrong{"WhatOtherToolsCallAKeyThatIsNotThere", gather("retries = 3\n"),
              R"(4: retries: expected a known key (see bench/README.md), got "retries")"},
        Wrong{"UnknownKeyOfFailures", "[[scenario]]\nworkload = \"retry\"\nfailures = { rat = 0.1 }\n",
              R"(4: failures.rat: expected a known key (did you mean rate?), got "rat")"},
        Wrong{"NoWorkload", "[[scenario]]\ncalls = 1\n",
              "2: workload: expected the name of a workload, got nothing"},
        Wrong{"UnknownWorkload", "\n[[scenario]]\nworkload = \"gathr\"\n",
              fmt::format("4: workload: expected one of {}, got \"gathr\"",
                          quoted(specifications(), &Specification::workload))},
        Wrong{"UnknownModel", gather("models = [\"threads\",\n \"fibers\"]\n"),
              fmt::format(
                  "5: models: expected a model (coroutines, callbacks, uring, threads, thread_pool, tbb, "
                  "processes, sequential, floor, floor_uring, all), a contestant ({}), or the path of one's "
                  "folder, "
                  "such as \"./my_client\", got \"fibers\"",
                  fmt::join(shipped_contestants(), ", "))},
        Wrong{"OnlyTheFloor", "[[scenario]]\nworkload = \"retry\"\nmodels = \"floor\"\n",
              "2: models: expected a model that has retry over native, curl, got only floor"},
        Wrong{"UnknownTransport", gather("transports = \"tcp\"\n"),
              R"(4: transports: expected one of "native", "curl", got "tcp")"},
        Wrong{"WrongType", gather("calls = \"10\"\n"),
              R"(4: calls: expected a whole number 1 … 1000000, got "10")"},
        Wrong{"Fraction", gather("calls = 1.5\n"), "4: calls: expected a whole number 1 … 1000000, got 1.5"},
        Wrong{"TooFew", gather("calls = [10, 0]\n"), "4: calls: expected a whole number 1 … 1000000, got 0"},
        Wrong{"TooMany", gather("calls = 1000001\n"),
              "4: calls: expected a whole number 1 … 1000000, got 1000001"},
        Wrong{"Negative", gather("seed = -1\n"),
              "4: seed: expected a whole number 0 … 9223372036854775807, got -1"},
        Wrong{"TooManySlots", gather("slots = 1000001\n"),
              "4: slots: expected a whole number 0 … 1000000, got 1000001"},
        Wrong{"SlotsOfAWorkloadThatCannotHaveThem",
              "[[scenario]]\nworkload = \"cpu\"\ncpu_per_call = \"1ms\"\nslots = 2\n",
              "5: slots: expected only for gather, all_settled, semaphore, worker_pool, producer_consumer, "
              "pipeline, retry, paginate, early_start, bridge, rate_limited, stream, llm_client, mixed, got "
              "it for cpu: it "
              "makes no calls"},
        Wrong{"EmptyList", gather("calls = []\n"), "4: calls: expected at least one value, got []"},
        Wrong{"ListInAList", gather("calls = [[1]]\n"),
              "4: calls: expected a whole number 1 … 1000000, got a list"},
        Wrong{"ListOfIterations", gather("iterations = [1, 2]\n"),
              "4: iterations: expected a whole number 1 … 10000, got a list"},
        Wrong{
            "LatencyWithoutQuotes", gather("latency = 200\n"),
            R"(4: latency: expected a delay such as "200ms" or "uniform:min=10ms,max=50ms", or "file:latencies.txt", got 200)"},
        Wrong{"LatencyFileThatIsNotThere", gather("latency = \"file:gone.txt\"\n"),
              "4: latency: expected a file with a duration, or a p99=200ms, on each line, got some/gone.txt: "
              "No such "
              "file or directory"},
        Wrong{"NeitherWarmNorCold", gather("start = \"hot\"\n"),
              R"(4: start: expected one of "warm", "cold", got "hot")"},
        Wrong{"NotTrueOrFalse", gather("timeline = 1\n"), "4: timeline: expected true or false, got 1"},
        Wrong{"PipelineOfUnevenCalls", "[[scenario]]\nworkload = \"pipeline\"\ncalls = [3, 10]\n",
              "2: calls: expected a multiple of 3 for pipeline, which has so many calls in a row, got 10"},
        Wrong{"TimeoutWithoutDeadline", "[[scenario]]\nworkload = [\"gather\", \"timeout\"]\n",
              "2: deadline: expected a duration, which timeout needs, got nothing"},
        Wrong{"OrderOfNoQueue", "[[scenario]]\nworkload = \"producer_consumer\"\norder = \"random\"\n",
              "4: order: expected one of \"fifo\", \"lifo\", \"priority\", got \"random\""},
        Wrong{"LimitOfGather", gather("limit = 3\n"),
              "4: limit: expected only for semaphore, worker_pool, retry, rate_limited, llm_client, crawl, "
              "got it "
              "for gather"},
        Wrong{"LimitOfSomethingElseToo",
              "[[scenario]]\nworkload = [\"semaphore\", \"pipeline\"]\nlimit = 3\n",
              "4: limit: expected only for semaphore, worker_pool, retry, rate_limited, llm_client, crawl, "
              "got it "
              "for pipeline"},
        Wrong{"NoLimitAtAll", "[[scenario]]\nworkload = \"retry\"\nlimit = 0\n",
              "4: limit: expected a whole number 1 … 1000000, got 0"},
        Wrong{"LimitOfCallsThatFail",
              "[[scenario]]\nworkload = \"semaphore\"\nlimit = 50\nfailures = { rate = 0.03 }\n",
              "5: failures: expected only for all_settled, task_group, retry, background, got it for "
              "semaphore; see "
              "retry for "
              "limit with failures"},
        Wrong{"FailuresUnderALimit",
              "[[scenario]]\nworkload = \"all_settled\"\nlimit = 50\nfailures = { rate = 0.03 }\n",
              "4: limit: expected only for semaphore, worker_pool, retry, rate_limited, llm_client, crawl, "
              "got it for "
              "all_settled; see retry "
              "for "
              "failures with limit"},
        Wrong{"SemaphoreWithoutLimit", "[[scenario]]\nworkload = \"semaphore\"\n",
              "2: limit: expected the most calls at once, which semaphore needs, got nothing"},
        Wrong{"AttemptsOfGather", gather("attempts = 3\n"),
              "4: attempts: expected only for retry, got it for gather"},
        Wrong{"BackoffOfGather", gather("backoff = \"1ms\"\n"),
              "4: backoff: expected only for retry, rate_limited, llm_client, got it for gather"},
        Wrong{"LatencyOfMessages",
              "[[scenario]]\nworkload = \"broadcast\"\nlatency = \"5ms\"\nmessages = 2\n",
              "4: latency: expected only where the server delays calls, got it for broadcast: leave it out"},
        Wrong{"FailuresOfGather", gather("failures = { rate = 0.1 }\n"),
              "4: failures: expected only for all_settled, task_group, retry, background, got it for gather"},
        Wrong{"FailuresWithoutRate", "[[scenario]]\nworkload = \"retry\"\nfailures = { attempts = 1 }\n",
              "4: failures.rate: expected the share of the calls that fail, got nothing"},
        Wrong{"RateOverOne", "[[scenario]]\nworkload = \"retry\"\nfailures = { rate = 30 }\n",
              "4: failures.rate: expected a share 0 … 1, got 30"},
        Wrong{
            "KindThatIsNoFailure",
            "[[scenario]]\nworkload = \"retry\"\nfailures = { rate = 1, kinds = [200] }\n",
            R"(4: failures.kinds: expected a status 400 … 599, "reset", "reset_body", "cut" or "garbage", got 200)"},
        Wrong{
            "FaultThatTakesItsTime",
            scenario("workload = \"retry\"\nfailures = { rate = 1, kinds = \"hang\" }\n"),
            R"(6: failures.kinds: expected a status 400 … 599, "reset", "reset_body", "cut" or "garbage", got "hang")"},
        Wrong{"WorkersOfModelsWithout", gather("models = [\"thread_pool\", \"threads\"]\nworkers = 3\n"),
              "5: workers: expected only for coroutines, callbacks, uring, thread_pool, tbb, processes, got "
              "it for "
              "threads too: put the models with workers in a scenario of their own"},
        Wrong{"WorkersOfAllModels", gather("workers = 3\n"),
              "4: workers: expected only for coroutines, callbacks, uring, thread_pool, tbb, processes, got "
              "it for "
              "threads too: put the models with workers in a scenario of their own"},
        Wrong{"TooManyRounds", "rounds = 1001\n" + gather(""),
              "2: rounds: expected a whole number 1 … 1000, got 1001"},
        Wrong{"BudgetOfNothing", "budget = \"0s\"\n" + gather(""),
              "2: budget: expected a duration above 0, got \"0s\""},
        Wrong{"SameCaseTwice",
              scenario("workload = \"gather\"\n") + scenario("workload = \"gather\"\niterations = 4\n"),
              "6: scenario: expected each case once, got "
              "gather/coroutines/native/calls:1/latency:200ms/start:warm "
              "from scenario 1 (line 2) and scenario 2 (line 6)"},
        Wrong{"SameValueTwice", scenario("workload = \"gather\"\ncalls = [7, 7]\n"),
              "2: scenario: expected each case once, got "
              "gather/coroutines/native/calls:7/latency:200ms/start:warm "
              "from scenario 1 (line 2) and scenario 1 (line 2)"}),
    [](const auto& wrong) { return std::string(wrong.param.name); });

std::string error_of(const std::string& text) {
  try {
    parse_suite(text, "quick.toml");
  } catch (const SuiteError& error) {
    return error.what();
  }
  return "";
}

TEST(Suite, PassesOnWhatThePlanSaysOfADelay) {
  EXPECT_EQ(error_of(head + gather("latency = \"200\"\n")),
            "quick.toml:4: latency: \"200\": a duration needs a unit: 200ms");
  EXPECT_EQ(error_of(head + gather("latency = \"uniform:min=10\"\n")),
            "quick.toml:4: latency: uniform: max is missing: uniform:min=10ms,max=50ms");
  EXPECT_EQ(error_of(head + gather("latency = \"größer\"\n")).substr(0, 33),
            "quick.toml:4: latency: \"größer\"");
}

TEST(Suite, NeedsADescriptionOfOneLine) {
  EXPECT_EQ(error_of("[[scenario]]\n"),
            "quick.toml:1: description: expected one line that says what the suite is for, got nothing");
  EXPECT_EQ(error_of("description = \"\"\n"),
            "quick.toml:1: description: expected one line that says what the suite is for, got \"\"");
  EXPECT_EQ(error_of("description = \"a\\nb\"\n"),
            "quick.toml:1: description: expected one line that says what the suite is for, got \"a\\nb\"");
}

TEST(Suite, ThatIsNotTomlNamesTheLine) {
  EXPECT_EQ(error_of("description = \"A test\"\nrounds = = 3\n").find("quick.toml:2: expected TOML, got: "),
            0);
}

TEST(Suite, ListsThatWouldFillTheMemoryAreRefused) {
  std::string seeds = "1";
  for (int seed = 2; seed <= 1000; ++seed) seeds += ", " + std::to_string(seed);
  EXPECT_EQ(error_of(head + gather("seed = [" + seeds + "]\ncalls = [" + seeds + "]\n")),
            "quick.toml:2: scenario: expected at most 10000 cases, got more");
}

TEST(Suite, ThatIsNotThereSaysSo) {
  const auto error_of_file = [](const std::filesystem::path& file) -> std::string {
    try {
      read_suite(file);
    } catch (const SuiteError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(error_of_file("/nowhere/quick.toml"),
            "/nowhere/quick.toml: expected a suite in TOML, got: No such file or directory");
  EXPECT_EQ(error_of_file("/tmp"), "/tmp: expected a suite in TOML, got: Is a directory");
}

// ---------------------------------------------------------------------------------- the suites that we ship

std::filesystem::path suites() { return std::filesystem::path(FANBENCH_SOURCE_DIR) / "bench" / "suites"; }

/// A folder with contestant.toml, and a suite beside it.
class SuiteWithContestant : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_ / "mine"); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void describe(const std::string& text, const char* where = "mine") const {
    std::filesystem::create_directories(folder_ / where);
    std::ofstream(folder_ / where / "contestant.toml") << text;
  }
  Suite suite(const std::string& scenario) const {
    return parse_suite("description = \"d\"\n[[scenario]]\nworkload = \"gather\"\n" + scenario,
                       folder_ / "s.toml");
  }

  const std::filesystem::path folder_ =
      std::filesystem::path(testing::TempDir()) / fmt::format("fanbench-contestant-{}", ::getpid());
};

TEST_F(SuiteWithContestant, HasItOverItsOwnClientAndOursOverTheirs) {
  describe("name = \"of_suite_test\"\nlanguage = \"Perl\"\ncommand = \"perl c.pl\"\nhas_workers = true\n");
  const Suite read = suite("models = [\"coroutines\", \"./mine\"]\ntransports = \"curl\"\n");
  ASSERT_EQ(read.cases.size(), 2);
  EXPECT_EQ(read.cases[0].name, "gather/coroutines/curl/calls:1/latency:200ms/start:warm");
  EXPECT_EQ(read.cases[1].name, "gather/of_suite_test/own/calls:1/latency:200ms/start:warm");
  EXPECT_TRUE(model_of("of_suite_test").is_program);
  EXPECT_TRUE(model_of("of_suite_test").has_workers);
  const auto listed = to_json(read)["contestants"];
  ASSERT_EQ(listed.size(), 1);
  EXPECT_EQ(listed[0]["language"], "Perl");
  EXPECT_EQ(listed[0]["command"], "perl c.pl");
  EXPECT_EQ(listed[0]["folder"], std::filesystem::canonical(folder_ / "mine").string());
  EXPECT_EQ(suite("models = \"all\"\n").cases.size(), ways_to_gather());  // of ours alone
}

TEST_F(SuiteWithContestant, SaysWhatIsWrongWithIt) {
  const auto said = [&](const std::string& text) {
    describe(text);
    try {
      suite("models = \"./mine\"\n");
    } catch (const SuiteError& error) {
      const std::string what = error.what();
      return what.substr(what.find("contestant.toml"));
    }
    return std::string();
  };
  EXPECT_EQ(said("nam = \"a\"\n"),
            "contestant.toml:1: nam: expected a known key (did you mean name?), got \"nam\"");
  EXPECT_EQ(said("name = \"My Client\"\nlanguage = \"C\"\ncommand = \"c\"\n"),
            "contestant.toml:1: name: expected a name of a-z, 0-9 and _ that begins with a letter, got \"My "
            "Client\"");
  EXPECT_EQ(said("name = \"threads\"\nlanguage = \"C\"\ncommand = \"c\"\n"),
            "contestant.toml:1: name: expected a name of its own, got that of a model of ours: threads");
  EXPECT_EQ(said("name = \"a\"\ncommand = \"c\"\n"),
            "contestant.toml:1: language: expected the language, as reports show it, got nothing");
  EXPECT_EQ(said("name = \"a\"\nlanguage = \"C\"\ncommand = 3\n"),
            "contestant.toml:3: command: expected the command that starts it, got 3");
  EXPECT_EQ(said("name = \"a\"\nlanguage = \"C\"\ncommand = \"c\"\npackages = \"x\"\n"),
            "contestant.toml:4: packages: expected a list of the distribution's packages, got \"x\"");
  EXPECT_THAT(said("name = \n"), testing::StartsWith("contestant.toml:1: expected TOML, got: "));
  EXPECT_THAT(
      [&] { suite("models = \"./nobody\"\n"); },
      testing::ThrowsMessage<SuiteError>(testing::EndsWith(
          "nobody/contestant.toml: expected a contestant's file (impls/external/PROTOCOL.md), got: No such "
          "file or directory")));
}

TEST_F(SuiteWithContestant, HasTwoOnlyOfDifferentNames) {
  const std::string text = "name = \"twin\"\nlanguage = \"C\"\ncommand = \"c\"\n";
  describe(text, "one");
  describe(text, "two");
  EXPECT_THAT([&] { suite("models = [\"./one\", \"./two\"]\n"); },
              testing::ThrowsMessage<SuiteError>(testing::HasSubstr(
                  "expected contestants of different names, got two that are called twin")));
}

TEST(ShippedSuites, AllCanBeRead) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(suites()))
    found.push_back(read_suite(entry.path()).name);
  EXPECT_THAT(found, testing::IsSupersetOf({"quick", "ci", "claims", "patterns", "scaling", "smoke"}));
}

TEST(ShippedSuites, SmokeAndPatternsHaveEveryWorkloadModelAndTransport) {
  for (const char* name : {"smoke", "patterns"}) {
    std::set<std::string> pairs;
    for (const Case& c : read_suite(suites() / (std::string(name) + ".toml")).cases)
      pairs.insert(c.workload + '/' + c.model + '/' + std::string(c.transport));
    std::size_t expected = 0;
    for (const Specification& specification : specifications())
      for (const ModelEntry& model : models())
        for (const TransportEntry& transport : transports())
          expected += model.supports(specification.workload, transport.name) ? 1 : 0;
    EXPECT_EQ(pairs.size(), expected) << name;
  }
}

TEST(ShippedSuites, HaveOutcomesThatCanBeKnownBeforehand) {
  for (const auto& entry : std::filesystem::directory_iterator(suites())) {
    for (const Case& c : read_suite(entry.path()).cases)
      EXPECT_EQ(specification_of(c.workload).refuse(c), std::nullopt) << c.name;
  }
}

/// A folder with a contestant, gone with this.
class ContestantsFolder {
 public:
  explicit ContestantsFolder(const std::string& name, const std::string& more = "") {
    std::filesystem::create_directories(path_);
    std::ofstream(path_ / "contestant.toml")
        << "name = \"" << name << "\"\nlanguage = \"any\"\ncommand = \"true\"\n"
        << more;
  }
  ~ContestantsFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  const std::filesystem::path path_ =
      std::filesystem::path(testing::TempDir()) / fmt::format("contestant-{}", ::getpid());
};

TEST(SuiteOfAContestant, HasEachScenarioOnceWhateverModelsItNames) {
  const ContestantsFolder folder("mine");
  const Suite suite = parse_suite(head + R"(
[defaults]
models = ["threads", "./not_here"]
transports = "native"
latency = "0ms"
[[scenario]]
workload = "gather"
models = ["coroutines", "./mine"]
calls = [10, 20]
[[scenario]]
workload = "gather"
models = "thread_pool"
transports = "curl"
workers = 2
calls = 20
[[scenario]]
workload = "semaphore"
limit = 4
)",
                                  "some/quick.toml", folder.path());
  EXPECT_THAT(names(suite), ElementsAre("gather/mine/own/calls:10/latency:0ms/start:warm",
                                        "gather/mine/own/calls:20/latency:0ms/start:warm",
                                        "semaphore/mine/own/calls:1/latency:0ms/start:warm/limit:4"));
  EXPECT_EQ(suite.name, "quick");
  EXPECT_EQ(to_json(suite).at("contestants").at(0).at("folder"), folder.path().string());
}

TEST(SuiteOfAContestant, KeepsWorkersOfOneThatHasThem) {
  const ContestantsFolder folder("pool", "has_workers = true\n");
  const Suite suite = parse_suite(head +
                                      "[[scenario]]\nworkload = \"gather\"\nmodels = "
                                      "\"thread_pool\"\nworkers = [2, 3]\nlatency = \"0ms\"\n",
                                  "some/quick.toml", folder.path());
  EXPECT_THAT(names(suite), ElementsAre("gather/pool/own/calls:1/latency:0ms/start:warm/workers:2",
                                        "gather/pool/own/calls:1/latency:0ms/start:warm/workers:3"));
}

TEST(SuiteOfAContestant, SaysWhereTheFileIsWrong) {
  const ContestantsFolder folder("mine");
  const auto error_of = [&folder](const std::string& rest) -> std::string {
    try {
      parse_suite(head + rest, "some/quick.toml", folder.path());
    } catch (const SuiteError& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_THAT(error_of("[[scenario]]\nworkload = \"gather\"\ncalls = 0\n"),
              testing::StartsWith("some/quick.toml:4: calls: "));
  EXPECT_THAT(error_of("scenario = 3\n"), testing::StartsWith("some/quick.toml:2: scenario: "));
  EXPECT_THAT(error_of("scenario = [3]\n"), testing::StartsWith("some/quick.toml:2: scenario: "));
}

}  // namespace
}  // namespace fanbench
