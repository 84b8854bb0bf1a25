// The bench's program.
#include "bench/program.hpp"

#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bench/catalogue.hpp"
#include "bench/machine/allocations.hpp"
#include "bench/machine/limits.hpp"
#include "bench/machine/provenance.hpp"
#include "bench/machine/resources.hpp"
#include "bench/measure/measurement.hpp"
#include "bench/suite/suite.hpp"
#include "bench/workloads/checks.hpp"

namespace fanbench {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string suite;
  std::vector<std::string> cases;
  bool list = false;
  std::string server;
  std::string records;
  bool count_allocations = false;
  bool writes_file = false;  // --benchmark_out was given
};

/// The client on all CPUs but the last, the server on that: nobody waits for the other's core.
struct Pinning {
  std::vector<int> client;
  std::optional<int> server;
};

Pinning pin_client() {
  const std::vector<int> cpus = allowed_cpus();
  Pinning pinning{.client = client_cpus(), .server = {}};
  if (cpus.size() > 1) pinning.server = cpus.back();
  pin_thread(pinning.client);
  return pinning;
}

void write_records(const std::string& file, const Case& c, const Measurement& measurement) {
  nlohmann::ordered_json calls = nlohmann::json::array();
  const auto us = [](Nanoseconds time) { return static_cast<double>(time.count()) / 1000; };
  for (CallId id = 0; id < measurement.records().size(); ++id) {
    const CallRecord& record = measurement.records()[id];
    calls.push_back({{"id", id},
                     {"intended_us", us(record.intended)},
                     {"started_us", us(record.started)},
                     {"finished_us", us(record.finished)},
                     {"verdict", to_string(record.verdict)},
                     {"attempts", record.attempts}});
  }
  const nlohmann::ordered_json all = {{"name", c.name},
                                      {"ideal_s", measurement.ideal_s()},
                                      {"makespan_s", measurement.makespan_s()},
                                      {"calls", calls}};
  std::ofstream out(file);
  out << all.dump() << '\n';
  if (!out.flush()) throw std::runtime_error(fmt::format("cannot write {}", file));
}

/// Hands rows on under their case's name: Google Benchmark would add how it iterated
/// ("/iterations:3/manual_time").
class PlainNames final : public benchmark::BenchmarkReporter {
 public:
  explicit PlainNames(std::unique_ptr<benchmark::BenchmarkReporter> reporter)
      : reporter_(std::move(reporter)) {}

  bool ReportContext(const Context& context) override {
    reporter_->SetOutputStream(&GetOutputStream());
    reporter_->SetErrorStream(&GetErrorStream());
    return reporter_->ReportContext(context);
  }
  void ReportRuns(const std::vector<Run>& report) override {
    std::vector<Run> runs = report;
    for (Run& run : runs) run.run_name.iterations.clear(), run.run_name.time_type.clear();
    reporter_->ReportRuns(runs);
  }
  void Finalize() override { reporter_->Finalize(); }

 private:
  std::unique_ptr<benchmark::BenchmarkReporter> reporter_;
};

class Program {
 public:
  Program(Options options, Suite suite) : options_(std::move(options)), suite_(std::move(suite)) {}

  int run() {
    raise_descriptor_limit();
    const Pinning pinning = pin_client();
    server_cpu_ = pinning.server;
    for (const auto& [key, value] : provenance()) benchmark::AddCustomContext(key, value);
    benchmark::AddCustomContext("suite", suite_.name);
#if FANBENCH_BURN_PERCENT > 0
    benchmark::AddCustomContext("burn_percent", fmt::format("{}", FANBENCH_BURN_PERCENT));
#endif
    benchmark::AddCustomContext("client_cpus", fmt::format("{}", fmt::join(pinning.client, ",")));
    benchmark::AddCustomContext("server_cpus",
                                pinning.server ? fmt::format("{}", *pinning.server) : "not pinned");
    for (const Case& c : suite_.cases) {
      if (options_.cases.empty() || std::ranges::count(options_.cases, c.name) > 0) register_case(c);
    }
    std::unique_ptr<benchmark::BenchmarkReporter> chosen(benchmark::CreateDefaultDisplayReporter());
    PlainNames display(std::move(chosen));
    PlainNames file(std::make_unique<benchmark::JSONReporter>());
    benchmark::RunSpecifiedBenchmarks(&display, options_.writes_file ? &file : nullptr);
    return failed_ ? 1 : 0;
  }

 private:
  void register_case(const Case& c) {
    benchmark::RegisterBenchmark(c.name.c_str(), [this, &c](benchmark::State& state) { measure(state, c); })
        ->UseManualTime()
        ->Iterations(c.iterations)
        ->Unit(benchmark::kMillisecond);
  }

  void measure(benchmark::State& state, const Case& c) {
    try {
      const auto entry = std::ranges::find(models(), c.model, &ModelEntry::name);
      MockServer server(options_.server, server_cpu_);
      Measurement measurement(c, *entry, server, server_cpu_);
      measurement.prepare();
      for ([[maybe_unused]] auto _ : state) state.SetIterationTime(measurement.iterate());
      for (const auto& [name, value] : measurement.counters()) state.counters[name] = value;
      if (!options_.records.empty()) write_records(options_.records, c, measurement);
    } catch (const NotApplicable& reason) {
      state.SkipWithError(fmt::format("not applicable: {}", reason.what()).c_str());
    } catch (const BeyondLimit& limit) {
      state.SkipWithError(fmt::format("limit: {}", limit.what()).c_str());
    } catch (const std::exception& error) {
      failed_ = true;
      state.SkipWithError(error.what());
    }
  }

  Options options_;
  Suite suite_;
  std::optional<int> server_cpu_;
  bool failed_ = false;
};

Suite read_resolved_suite(const std::string& file) {
  Suite suite = read_suite(file);
  for (Case& c : suite.cases) resolve(c, static_cast<std::uint32_t>(client_cpus().size()));
  return suite;
}

}  // namespace

int run_bench(int argc, char** argv) try {
  Options options{.suite = {},
                  .cases = {},
                  .list = false,
                  .server = {},
                  .records = {},
                  .count_allocations = false,
                  .writes_file = false};
  std::vector<char*> words(argv,
                           argv + argc + 1);  // with their null: Google Benchmark takes some of them away
  options.server = fs::canonical("/proc/self/exe").parent_path() / "fanbench-server";
  CLI::App app(
      "Measures the cases of a suite, verified against the mock server. Google Benchmark's options work "
      "too.");
  app.add_option("--suite", options.suite, "the suite, a TOML file")->required();
  app.add_flag_callback(
      "--catalogue",
      [] {
        fmt::print("{}\n", catalogue().dump(2));
        throw CLI::Success();
      },
      "print what workloads, keys, models, transports and figures there are, as JSON");
  app.add_flag("--list", options.list, "print the suite's cases as JSON and run nothing");
  app.add_option("--case", options.cases, "run only the case of this name (may be given again)");
  app.add_option("--server", options.server, "the mock server's program")->capture_default_str();
  app.add_option("--records", options.records, "write the calls of the last iteration to this file, as JSON");
  app.add_flag("--count-allocations", options.count_allocations,
               "count allocations and their bytes too, which takes time: for no other figures");
  options.writes_file = std::any_of(
      argv, argv + argc, [](std::string_view word) { return word.starts_with("--benchmark_out="); });
  benchmark::Initialize(&argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (options.count_allocations && !allocations_so_far()) start_again_counting_allocations(words.data());
  Suite suite = read_resolved_suite(options.suite);
  for (const std::string& name : options.cases) {
    if (std::ranges::find(suite.cases, name, &Case::name) == suite.cases.end()) {
      throw SuiteError(fmt::format("{}: there is no case {} (--list shows them)", options.suite, name));
    }
  }
  if (options.list) {
    fmt::print("{}\n", to_json(suite).dump(2));
    return 0;
  }
  return Program(std::move(options), std::move(suite)).run();
} catch (const std::exception& error) {
  fmt::print(stderr, "fanbench-bench: {}\n", error.what());
  return 2;
}

}  // namespace fanbench
