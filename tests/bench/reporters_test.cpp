// What is handed on of Google Benchmark's rows: every figure to its last digit, with case and status.
#include "bench/reporters.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace fanbench {
namespace {

using BenchmarkRun = benchmark::BenchmarkReporter::Run;

BenchmarkRun a_run(const std::string& name) {
  BenchmarkRun run;
  run.run_name.function_name = name;
  run.run_name.iterations = "iterations:3";
  run.run_name.time_type = "manual_time";
  run.iterations = 3;
  return run;
}

class Reporters : public testing::Test {
 protected:
  Reporters() {
    case_.model = "coroutines";
    case_.workload = "gather";
    case_.scenario.calls = 7;
  }

  /// The document, once all of these were reported.
  nlohmann::ordered_json document(const std::vector<BenchmarkRun>& runs) {
    const auto reporter = json_reporter(cases_);
    reporter->SetOutputStream(&text_);
    reporter->ReportContext({});
    for (const BenchmarkRun& run : runs) reporter->ReportRuns({run});
    EXPECT_EQ(text_.str(), "");  // nothing yet that looks complete
    reporter->Finalize();
    return nlohmann::ordered_json::parse(text_.str());
  }

  Case case_;
  MeasuredCases cases_{{"a", {.c = &case_}}, {"b", {.c = &case_, .status = Status::limit}}};
  std::ostringstream text_;
};

TEST_F(Reporters, KeepEachDigit) {
  BenchmarkRun run = a_run("a");
  const std::map<std::string, double> figures = {
      {"tenths", 0.1 + 0.2}, {"small", 4.9e-324}, {"large", 1.7976931348623157e308}, {"third", 1. / 3}};
  for (const auto& [name, value] : figures) run.counters[name] = value;
  run.real_accumulated_time = 0.1234567890123456789;
  const auto row = document({run}).at("benchmarks").at(0);
  for (const auto& [name, value] : figures) EXPECT_EQ(row.at(name).get<double>(), value) << name;
  EXPECT_EQ(row.at("real_time").get<double>(), run.GetAdjustedRealTime());
  EXPECT_EQ(row.at("iterations"), 3);
}

TEST_F(Reporters, AddCaseAndStatusToEachRow) {
  BenchmarkRun failed = a_run("b");
  failed.error_occurred = true;
  failed.error_message = "needs \"more\"";
  const auto rows = document({a_run("a"), failed}).at("benchmarks");
  EXPECT_EQ(rows.at(0).at("name"), "a");
  EXPECT_EQ(rows.at(0).at("status"), "verified");
  EXPECT_EQ(rows.at(0).at("case").at("workload"), "gather");
  EXPECT_EQ(rows.at(0).at("case").at("parameters"), parameters_json(case_));
  EXPECT_EQ(rows.at(1).at("status"), "limit");
  EXPECT_EQ(rows.at(1).at("error_message"), "needs \"more\"");
}

TEST_F(Reporters, HaveTheGreatestLatenciesWhereAQuantileIsMissing) {
  cases_.at("a").latency_tail = Tail{.number = 300, .greatest = {21853.164, 21000.0}};
  const auto rows = document({a_run("a"), a_run("b")}).at("benchmarks");
  EXPECT_EQ(rows.at(0).at("latency_tail").dump(), R"({"calls":300,"greatest_us":[21853.2,21000.0]})");
  EXPECT_FALSE(rows.at(1).contains("latency_tail"));
}

TEST_F(Reporters, SayThatTheFileCannotBeWritten) {
  const auto reporter = json_reporter(cases_);
  text_.setstate(std::ios::badbit);
  reporter->SetOutputStream(&text_);
  reporter->ReportContext({});
  EXPECT_THROW(reporter->Finalize(), std::runtime_error);
}

}  // namespace
}  // namespace fanbench
