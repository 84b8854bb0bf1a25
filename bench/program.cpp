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

#include "bench/machine/allocations.hpp"
#include "bench/machine/limits.hpp"
#include "bench/machine/machine.hpp"
#include "bench/machine/provenance.hpp"
#include "bench/machine/resources.hpp"
#include "bench/measure/burner.hpp"
#include "bench/measure/measurement.hpp"
#include "bench/reporters.hpp"
#include "bench/suite/suite.hpp"
#include "bench/targets/running_server.hpp"
#include "bench/targets/server.hpp"
#include "bench/workloads/checks.hpp"
#include "impls/http/transports.hpp"

namespace fanbench {
namespace {

namespace fs = std::filesystem;

constexpr unsigned burn_percent = FANBENCH_BURN_PERCENT;

struct Options {
  std::string suite;
  std::vector<std::string> cases{};
  bool list = false, machine = false;
  std::string server{};  // HOST:PORT; empty: one of our own for each case
  std::string server_program;
  std::string records{};
  bool count_allocations = false;
  bool writes_file = false;  // --benchmark_out was given
};

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

/// A reason as JSON can carry it: what a server said need not be UTF-8.
std::string as_utf8(const char* reason) {
  using Json = nlohmann::json;
  return Json::parse(Json(reason).dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// --suite alone: measures its cases.
class Bench {
 public:
  Bench(const Options& options, const Suite& suite) : options_(options), cpus_(share_cpus()) {
    raise_descriptor_limit();
    pin_thread(cpus_.client);  // the server has a CPU of its own: nobody waits for the other's core
    if (!options.server.empty()) running_.emplace(options.server);
    add_context(suite);
    for (const Case& c : suite.cases) {
      if (options.cases.empty() || std::ranges::count(options.cases, c.name) > 0) add(c);
    }
  }

  /// Returns the exit status.
  int run() {
    const auto display = display_reporter(cases_), file = json_reporter(cases_);
    benchmark::RunSpecifiedBenchmarks(display.get(), options_.writes_file ? file.get() : nullptr);
    const bool failed =
        std::ranges::any_of(cases_, [](const auto& entry) { return entry.second.status == Status::error; });
    return failed ? 1 : 0;
  }

 private:
  void add_context(const Suite& suite) const {
    for (const auto& [key, value] : provenance()) benchmark::AddCustomContext(key, value);
    benchmark::AddCustomContext("suite", suite.name);
    if constexpr (burn_percent > 0)
      benchmark::AddCustomContext("burn_percent", fmt::format("{}", burn_percent));
    benchmark::AddCustomContext("client_cpus", fmt::format("{}", fmt::join(cpus_.client, ",")));
    const bool pinned = cpus_.server && !running_;
    benchmark::AddCustomContext("server_cpus", pinned ? fmt::format("{}", *cpus_.server) : "not pinned");
    if (running_) benchmark::AddCustomContext("server", options_.server);
  }

  void add(const Case& c) {
    Measured& measured = cases_[c.name] = {.c = &c};
    const auto measure = [this, &measured](benchmark::State& state) {
      try {
        this->measure(state, *measured.c);
      } catch (const std::exception& reason) {
        measured.status = status_of(reason);
        state.SkipWithError(as_utf8(reason.what()).c_str());
      }
    };
    benchmark::RegisterBenchmark(c.name.c_str(), measure)
        ->UseManualTime()
        ->Iterations(c.iterations)
        ->Unit(benchmark::kMillisecond);
  }

  void measure(benchmark::State& state, const Case& c) {
    std::optional<MockServer> own;
    Target& target =
        running_ ? static_cast<Target&>(*running_) : own.emplace(options_.server_program, cpus_.server);
    const auto known = std::ranges::find(models(), c.model, &ModelEntry::name);
    const ModelEntry model =
        burn_percent > 0 ? burning(*known, burn_percent, target.process().value_or(0)) : *known;
    Measurement measurement(c, model, target, cpus_.server);
    measurement.prepare();
    for ([[maybe_unused]] auto _ : state) state.SetIterationTime(measurement.iterate());
    for (const auto& [name, value] : measurement.counters()) state.counters[name] = value;
    if (!options_.records.empty()) write_records(options_.records, c, measurement);
  }

  const Options& options_;
  SharedCpus cpus_;
  std::optional<RunningServer> running_;
  MeasuredCases cases_;
};

template <class Rows>
std::vector<std::string_view> names_of(const Rows& rows) {
  std::vector<std::string_view> names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

Suite read_known_suite(const std::string& file) {
  std::vector<std::string_view> known_workloads;
  for (const Specification& row : specifications()) known_workloads.push_back(row.workload);
  const auto known_models = names_of(models());
  const auto known_transports = names_of(transports());
  return read_suite(file,
                    {.workloads = known_workloads, .models = known_models, .transports = known_transports});
}

int print(const nlohmann::ordered_json& document) {
  fmt::print("{}\n", document.dump(2));
  return 0;
}

int bench(const Options& options, const Suite& suite) {
  for (const std::string& name : options.cases) {
    if (std::ranges::find(suite.cases, name, &Case::name) == suite.cases.end()) {
      throw SuiteError(fmt::format("{}: there is no case {} (--list shows them)", options.suite, name));
    }
  }
  return Bench(options, suite).run();
}

/// Nothing: go on with the options. Else the exit status.
std::optional<int> read_command_line(int argc, char** argv, Options& options) {
  CLI::App app(
      "Measures the cases of a suite, verified against the mock server. Google Benchmark's options work "
      "too.");
  app.add_option("--suite", options.suite, "the suite, a TOML file");
  app.add_flag("--list", options.list, "print the suite's cases as JSON and run nothing");
  app.add_flag("--machine", options.machine, "print what this machine is and allows as JSON and run nothing");
  app.add_option("--case", options.cases, "run only the case of this name (may be given again)");
  app.add_option("--server", options.server,
                 "measure against the fanbench server that runs at HOST:PORT, instead of one of our own");
  app.add_option("--server-program", options.server_program, "the mock server's program")
      ->capture_default_str();
  app.add_option("--records", options.records, "write the calls of the last iteration to this file, as JSON");
  app.add_flag("--count-allocations", options.count_allocations,
               "count allocations and their bytes too, which takes time: for no other figures");
  options.writes_file = std::any_of(
      argv, argv + argc, [](std::string_view word) { return word.starts_with("--benchmark_out="); });
  benchmark::Initialize(&argc, argv);
  try {
    app.parse(argc, argv);
    if (options.suite.empty() && !options.machine) throw CLI::RequiredError("--suite");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace

int run_bench(int argc, char** argv) try {
  Options options{.suite = {},
                  .server_program = fs::canonical("/proc/self/exe").parent_path() / "fanbench-server"};
  // With their null: Google Benchmark takes some of them away.
  std::vector<char*> words(argv, argv + argc + 1);
  if (const auto status = read_command_line(argc, argv, options)) return *status;
  if (options.machine) return print(describe_machine());
  if (options.count_allocations && !allocations_so_far()) start_again_counting_allocations(words.data());
  const Suite suite = read_known_suite(options.suite);
  if (options.list) return print(to_json(suite));
  return bench(options, suite);
} catch (const std::exception& error) {
  fmt::print(stderr, "fanbench-bench: {}\n", error.what());
  return 2;
}

}  // namespace fanbench
