// Wraps Google Benchmark's own reporters.
#include "bench/reporters.hpp"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace fanbench {
namespace {

using Run = benchmark::BenchmarkReporter::Run;
using Json = nlohmann::ordered_json;

/// Its rows as ours. To a name it adds how it iterated ("/iterations:3/manual_time"). Its CPU time is that of
/// its own thread: ours is that of the client, all threads and processes.
std::vector<Run> put_right(std::vector<Run> runs, const MeasuredCases& cases) {
  for (Run& run : runs) {
    run.run_name.iterations.clear(), run.run_name.time_type.clear();
    const auto cpu = run.counters.find("cpu_us_per_call");
    if (cpu == run.counters.end()) continue;
    const Case& c = *cases.at(run.run_name.function_name).c;
    run.cpu_accumulated_time =
        cpu->second.value * 1e-6 * c.scenario.calls * static_cast<double>(run.iterations);
  }
  return runs;
}

/// To a tenth of a microsecond: a row has up to a hundred of them.
Json tail_json(const Tail& tail) {
  Json greatest = Json::array();
  for (const double us : tail.greatest) greatest.push_back(std::round(us * 10) / 10);
  return {{"calls", tail.number}, {"greatest_us", std::move(greatest)}};
}

class JsonReporter final : public benchmark::BenchmarkReporter {
 public:
  explicit JsonReporter(const MeasuredCases& cases) : cases_(cases) {
    rows_.SetOutputStream(&text_);
    rows_.SetErrorStream(&text_);
  }

  bool ReportContext(const Context& context) override { return rows_.ReportContext(context); }
  void ReportRuns(const std::vector<Run>& runs) override {
    rows_.ReportRuns(put_right(runs, cases_));
    for (const Run& run : runs) names_.push_back(run.run_name.function_name);
  }
  void Finalize() override {
    rows_.Finalize();
    Json document = Json::parse(text_.str());
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const auto& [c, status, tail] = cases_.at(names_[i]);
      Json& row = document.at("benchmarks").at(i);
      row["case"] = {{"workload", c->workload},
                     {"model", c->model},
                     {"transport", c->transport},
                     {"parameters", parameters_json(*c)}};
      row["status"] = to_string(status);
      if (tail) row["latency_tail"] = tail_json(*tail);
    }
    GetOutputStream() << document.dump(2) << '\n';
    if (!GetOutputStream().flush()) throw std::runtime_error("the results cannot be written");
  }

 private:
  const MeasuredCases& cases_;
  benchmark::JSONReporter rows_;  // which writes figures, and nothing else
  std::ostringstream text_;
  std::vector<std::string> names_;  // of its rows
};

class ConsoleReporter final : public benchmark::BenchmarkReporter {
 public:
  ConsoleReporter(std::unique_ptr<benchmark::BenchmarkReporter> rows, const MeasuredCases& cases)
      : rows_(std::move(rows)), cases_(cases) {}

  bool ReportContext(const Context& context) override {
    rows_->SetOutputStream(&GetOutputStream());
    rows_->SetErrorStream(&GetErrorStream());
    return rows_->ReportContext(context);
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    std::vector<Run> plain = put_right(runs, cases_);
    for (Run& run : plain) {
      const Status status = cases_.at(run.run_name.function_name).status;
      if (status == Status::not_applicable) run.error_message.insert(0, "not applicable: ");
      if (status == Status::limit) run.error_message.insert(0, "limit: ");
    }
    rows_->ReportRuns(plain);
  }
  void Finalize() override { rows_->Finalize(); }

 private:
  std::unique_ptr<benchmark::BenchmarkReporter> rows_;
  const MeasuredCases& cases_;
};

class Silence final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>&) override {}
};

}  // namespace

std::unique_ptr<benchmark::BenchmarkReporter> silence() { return std::make_unique<Silence>(); }

std::unique_ptr<benchmark::BenchmarkReporter> json_reporter(const MeasuredCases& cases) {
  return std::make_unique<JsonReporter>(cases);
}

std::unique_ptr<benchmark::BenchmarkReporter> display_reporter(const MeasuredCases& cases) {
  std::unique_ptr<benchmark::BenchmarkReporter> chosen(benchmark::CreateDefaultDisplayReporter());
  if (dynamic_cast<benchmark::JSONReporter*>(chosen.get())) return json_reporter(cases);
  return std::make_unique<ConsoleReporter>(std::move(chosen), cases);
}

}  // namespace fanbench
