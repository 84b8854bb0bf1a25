// The figures that are computed from others: quantiles, bottleneck marks, the load of others, and what is
// impossible; and what is said of all figures and keys.
#include "bench/catalogue/figures.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <sstream>

#include "bench/catalogue/catalogue.hpp"
#include "bench/machine/machine_load.hpp"
#include "bench/measure/bottlenecks.hpp"
#include "bench/measure/plausibility.hpp"
#include "bench/measure/quantiles.hpp"
#include "bench/measure/recording_cost.hpp"
#include "bench/specification/specification.hpp"
#include "bench/suite/suite.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Row = std::map<std::string, double>;

std::vector<double> shuffled_up_to(int n) {
  std::vector<double> values(n);
  for (int i = 0; i < n; ++i) values[i] = i + 1;
  std::ranges::shuffle(values, std::mt19937(1));
  return values;
}

TEST(Quantile, IsTheValueThatAShareOfTheSampleDoesNotExceed) {
  EXPECT_EQ(quantile(shuffled_up_to(1000), 0.50), 500);
  EXPECT_EQ(quantile(shuffled_up_to(1000), 0.90), 900);
  EXPECT_EQ(quantile(shuffled_up_to(1000), 0.99), 990);
}

TEST(Quantile, NeedsTenValuesBeyondIt) {
  EXPECT_EQ(quantile(shuffled_up_to(999), 0.99), std::nullopt);
  EXPECT_NE(quantile(shuffled_up_to(1000), 0.99), std::nullopt);
  EXPECT_EQ(quantile(shuffled_up_to(19), 0.50), std::nullopt);
  EXPECT_NE(quantile(shuffled_up_to(20), 0.50), std::nullopt);
  EXPECT_EQ(quantile({}, 0.50), std::nullopt);
}

TEST(Tail, IsATenthOfASampleThatIsTooSmallForAQuantile) {
  const auto of_500 = tail(shuffled_up_to(500));
  ASSERT_TRUE(of_500);
  EXPECT_EQ(of_500->number, 500U);
  EXPECT_EQ(of_500->greatest.size(), 50U);
  EXPECT_EQ(of_500->greatest.front(), 500);
  EXPECT_EQ(of_500->greatest.back(), 451);
  EXPECT_EQ(tail(shuffled_up_to(40))->greatest.size(), 10U);
  EXPECT_EQ(tail(shuffled_up_to(3))->greatest, (std::vector<double>{3, 2, 1}));
}

TEST(Tail, IsNothingWhereThereIsTheQuantileOrNoValue) {
  EXPECT_TRUE(tail(shuffled_up_to(999)));
  EXPECT_FALSE(tail(shuffled_up_to(1000)));
  EXPECT_FALSE(tail({}));
}

TEST(Mean, IsThatOfAllValues) { EXPECT_DOUBLE_EQ(mean(shuffled_up_to(100)), 50.5); }

/// Of a row whose overhead is the client's.
Row marked(Row row, std::optional<double> load = std::nullopt) {
  row.insert({{"client_overhead_us_per_call", 5}, {"server_overhead_us_per_call", 0}});
  mark_bottlenecks(row, load);
  return row;
}

TEST(Bottlenecks, AServerThatIsBusyBoundsARow) {
  EXPECT_EQ(marked({{"server_cpu_share", 0.89}}).at("server_bound"), 0);
  EXPECT_EQ(marked({{"server_cpu_share", 0.90}}).at("server_bound"), 1);
  EXPECT_EQ(marked({}).at("server_bound"), 0);  // its CPU is not ours to read
}

double bound_by_parts(double of_client, double of_server) {
  return marked({{"client_overhead_us_per_call", of_client}, {"server_overhead_us_per_call", of_server}})
      .at("server_bound");
}

TEST(Bottlenecks, AServerWhosePartOfTheOverheadIsTheGreaterBoundsARow) {
  EXPECT_EQ(bound_by_parts(5, 5), 0);
  EXPECT_EQ(bound_by_parts(5, 5.1), 1);
  EXPECT_EQ(bound_by_parts(-0.1, 0.1), 1);
  EXPECT_EQ(bound_by_parts(-5, 0.1), 1);
}

TEST(Bottlenecks, AServerThatHasNoPartBoundsNothing) {
  EXPECT_EQ(bound_by_parts(-5, 0), 0);  // of work that took less than its calibration said
  EXPECT_EQ(bound_by_parts(-5, -1), 0);
}

TEST(Bottlenecks, OthersMakeARowNoisy) {
  EXPECT_EQ(marked({}, 0.10).at("noisy"), 0);
  EXPECT_EQ(marked({}, 0.11).at("noisy"), 1);
  EXPECT_EQ(marked({}, 0.11).at("other_load_cores"), 0.11);
}

TEST(Bottlenecks, AnUnknownLoadIsAbsentAndNotZero) {
  EXPECT_FALSE(marked({}).contains("other_load_cores"));
  EXPECT_FALSE(marked({}).contains("noisy"));
}

TEST(MachineTime, SumsUpWhatAllCpusDidNotUse) {
  const auto time = parse_machine_time(
      "cpu  100 1 30 5000 20 0 7 9 0 0\n"
      "cpu0 50 1 15 2500 10 0 7 9 0 0\n"
      "cpu1 50 0 15 2500 10 0 0 0 0 0\n"
      "intr 12345 0 1\n");
  ASSERT_TRUE(time);
  EXPECT_EQ(time->cpus, 2);
  EXPECT_EQ(time->idle, 5020 * 10ms);
}

TEST(MachineTime, OfSomethingElseIsNotKnown) {
  EXPECT_FALSE(parse_machine_time(""));
  EXPECT_FALSE(parse_machine_time("intr 1 2 3\n"));
  EXPECT_FALSE(parse_machine_time("cpu 1 2 3\ncpu0 1 2 3\n"));
}

TEST(OtherLoad, IsWhatIsBusyAndNotOurs) {
  // Two CPUs for a second, of which 0.5 s were idle: 1.5 s busy, 1.2 s of it ours.
  const auto load = other_load(1s, {.idle = 7s, .cpus = 2}, {.idle = 7500ms, .cpus = 2}, 1200ms);
  ASSERT_TRUE(load);
  EXPECT_NEAR(*load, 0.3, 1e-9);
}

TEST(OtherLoad, IsNeverBelowZero) {
  EXPECT_EQ(other_load(1s, {.idle = 0s, .cpus = 1}, {.idle = 100ms, .cpus = 1}, 910ms), 0.0);
}

TEST(OtherLoad, IsNotToldInAShortWindowOrWhenCpusCameOrWent) {
  EXPECT_EQ(other_load(199ms, {.idle = 0s, .cpus = 1}, {.idle = 0s, .cpus = 1}, 0s), std::nullopt);
  EXPECT_EQ(other_load(1s, {.idle = 0s, .cpus = 1}, {.idle = 0s, .cpus = 2}, 0s), std::nullopt);
}

TEST(OtherLoad, CanBeReadHere) {
  std::ostringstream text;
  text << std::ifstream("/proc/stat").rdbuf();
  EXPECT_TRUE(parse_machine_time(text.str()));
}

TEST(Recording, CostsACallSomeReadingsOfTheClockInMicroseconds) {
  for (const std::size_t calls : {1, 1000, 100'000}) {
    EXPECT_GT(recording_us_per_call(calls, true), 0.005) << calls;
    EXPECT_LT(recording_us_per_call(calls, true), 10) << calls;
  }
}

std::string readme() {
  std::ostringstream text;
  text << std::ifstream(FANBENCH_SOURCE_DIR "/bench/README.md").rdbuf();
  return text.str();
}

/// The lines of the table that begins with this one, without those that every table has.
std::vector<std::string> table(const std::string& head) {
  std::istringstream text(readme());
  std::vector<std::string> lines;
  std::string line;
  while (std::getline(text, line) && line != head) {
  }
  std::getline(text, line);  // |---|
  while (std::getline(text, line) && line.starts_with('|')) lines.push_back(line);
  return lines;
}

TEST(Figures, AreThoseThatTheReadmeExplains) {
  std::vector<std::string> expected;
  for (const Figure& row : figures()) {
    const std::string_view unit = row.unit == "us" ? "µs" : row.unit;
    expected.push_back(fmt::format("| `{}` | {} | {} |", row.name, unit, row.help));
  }
  EXPECT_THAT(table("| field | unit | meaning |"), testing::ElementsAreArray(expected));
}
TEST(Figures, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names, labels;
  for (const Figure& row : figures()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(labels.insert(row.label).second) << row.label;
    EXPECT_EQ(&figure(row.name), &row);
    EXPECT_TRUE(row.least == 0 || row.better == Better::less)
        << row.name << " is judged: less has to be better";
  }
  EXPECT_THROW(figure("speed"), std::logic_error);
}

std::string line_of(const nlohmann::ordered_json& key) {
  return fmt::format("| `{}` | `{}` | {} | {} |", key["name"].get<std::string>(),
                     key["example"].get<std::string>(), key["meaning"].get<std::string>(),
                     key["default"].is_null() ? "needed" : key["default"].get<std::string>());
}
TEST(Keys, AreThoseThatTheReadmeExplains) {
  const nlohmann::ordered_json all = catalogue();
  std::vector<std::string> expected;
  for (const auto& key : all["keys"]) expected.push_back(line_of(key));
  EXPECT_THAT(table("| key | example | meaning | default |"), testing::ElementsAreArray(expected));

  expected.clear();
  for (const auto& workload : all["workloads"])
    for (const auto& key : workload["keys"])
      expected.push_back(fmt::format("| {} {}", workload["name"].get<std::string>(), line_of(key)));
  EXPECT_THAT(table("| workload | key | example | meaning | default |"), testing::ElementsAreArray(expected));
}
TEST(Keys, HaveExamplesThatCanBeRead) {
  const nlohmann::ordered_json all = catalogue();
  const auto read = [](const std::string& keys) {
    return parse_suite("description = \"An example\"\n[[scenario]]\n" + keys, "example.toml").cases.size();
  };
  for (const auto& workload : all["workloads"]) {
    const std::string name = workload["name"];
    EXPECT_GE(read(fmt::format("workload = \"{}\"\n{}", name, specification_of(name).example)), 1);
    std::string every_key;
    for (const auto& key : workload["keys"]) every_key += key["example"].get<std::string>() + '\n';
    EXPECT_GE(read(fmt::format("workload = \"{}\"\ncalls = 30\n{}", name, every_key)), 1) << name;
  }
  for (const auto& key : all["keys"]) {
    const std::string example = key["example"],
                      workload = key["name"] == "workload" ? "" : "workload = \"gather\"\n";
    const std::string models = key["name"] == "workers" ? "models = \"thread_pool\"\n" : "";
    EXPECT_GE(read(workload + models + example), 1) << example;
  }
}
TEST(Workloads, HaveTheirRulesInTheReadme) {
  const auto lines = table("| workload | its ideal | what its own rules are |");
  for (const Specification& row : specifications()) {
    EXPECT_TRUE(std::ranges::any_of(lines, [&row](const std::string& line) {
      const std::string who = ", " + line.substr(2, line.find(" |", 2) - 2) + ',';
      return who.find(fmt::format(", {},", row.workload)) != std::string::npos;
    })) << row.workload;
    EXPECT_FALSE(row.in_short.empty() || row.sentence.empty()) << row.workload;
  }
}

Row parts(double whole, double of_client, double of_server) {
  return {{"overhead_us_per_call", whole},
          {"client_overhead_us_per_call", of_client},
          {"server_overhead_us_per_call", of_server}};
}

TEST(Impossible, IsNothingInARowThatCanBe) {
  EXPECT_EQ(find_impossible({}), std::nullopt);
  EXPECT_EQ(find_impossible({{"latency_p50_us", 5}, {"latency_mean_us", 6}, {"latency_max_us", 9}}),
            std::nullopt);
  EXPECT_EQ(find_impossible({{"latency_mean_us", 7}, {"latency_max_us", 7}}), std::nullopt);
  EXPECT_EQ(find_impossible({{"overhead_us_per_call", -0.5}}), std::nullopt);
  EXPECT_EQ(find_impossible(parts(-0.5, -0.7, 0.2)), std::nullopt);
  EXPECT_EQ(find_impossible(parts(2.5, 2.75, -0.25)), std::nullopt);
}

std::string impossible(const Row& row) { return find_impossible(row).value_or(""); }

TEST(Impossible, IsAMeanAboveTheMaximum) {
  EXPECT_EQ(impossible({{"latency_mean_us", 10}, {"latency_max_us", 9}}),
            "latency_mean_us is 10.0, above latency_max_us of 9.0: impossible");
}

TEST(Impossible, AreQuantilesOutOfOrder) {
  for (const char* figure : {"latency", "from_start"}) {
    const std::string name = figure;
    EXPECT_THAT(impossible({{name + "_p50_us", 2}, {name + "_p90_us", 1}}), HasSubstr("above"));
    EXPECT_THAT(impossible({{name + "_p90_us", 2}, {name + "_p99_us", 1}}), HasSubstr("above"));
    for (const char* of : {"_p50_us", "_p90_us", "_p99_us"})  // fewer samples have fewer quantiles
      EXPECT_THAT(impossible({{name + of, 2}, {name + "_max_us", 1}}), HasSubstr("above"));
  }
  EXPECT_THAT(impossible({{"late_start_p50_us", 2}, {"late_start_p99_us", 1}}), HasSubstr("above"));
}

TEST(Impossible, IsALatencyFromTheStartAboveThatFromTheIntendedOne) {
  for (const char* of : {"_p50_us", "_p90_us", "_p99_us", "_max_us"})
    EXPECT_THAT(impossible({{std::string("from_start") + of, 2}, {std::string("latency") + of, 1}}),
                HasSubstr("above latency"));
}

TEST(Impossible, ArePartsThatDoNotAddUp) {
  EXPECT_EQ(impossible(parts(10, 4, 5.9)),
            "an overhead of 10.0 µs per call has parts of 4.0 and 5.9: impossible");
  EXPECT_THAT(impossible(parts(-10, 4, 6)), HasSubstr("parts of 4.0 and 6.0"));
}

TEST(Impossible, IsWhatIsNegativeOrNoNumber) {
  EXPECT_THAT(impossible({{"served_ideal_s", -1}}), HasSubstr("served_ideal_s is -1"));
  EXPECT_THAT(impossible({{"cpu_us_per_call", -1}}), HasSubstr("cpu_us_per_call is -1"));
  EXPECT_THAT(impossible({{"cpu_us_per_call", std::nan("")}}), HasSubstr("cpu_us_per_call is nan"));
  EXPECT_THAT(impossible({{"overhead_us_per_call", INFINITY}}), HasSubstr("overhead_us_per_call is inf"));
}

}  // namespace
}  // namespace fanbench
