// Measures the cases of a suite, one Google Benchmark each.
#include "bench/measuring.hpp"

#include <benchmark/benchmark.h>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "bench/machine/cpus.hpp"
#include "bench/machine/limits.hpp"
#include "bench/machine/provenance.hpp"
#include "bench/measure/burner.hpp"
#include "bench/measure/measurement.hpp"
#include "bench/ranks/dealt_runs.hpp"
#include "bench/ranks/member.hpp"
#include "bench/reporters.hpp"
#include "bench/specification/checks.hpp"
#include "bench/targets/running_server.hpp"
#include "bench/timeline.hpp"
#include "bench/turns.hpp"

namespace fanbench {
namespace {

constexpr unsigned burn_percent = FANBENCH_BURN_PERCENT;

void write_records(const std::string& file, const Case& c, const Measurement& measurement) {
  std::ofstream out(file);
  out << timeline_of(c, measurement).dump() << '\n';
  if (!out.flush()) throw std::runtime_error(fmt::format("cannot write {}", file));
}

/// A reason as JSON can carry it: what a server said need not be UTF-8.
std::string as_utf8(const char* reason) {
  using Json = nlohmann::json;
  return Json::parse(Json(reason).dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// What a case is measured with.
class Rig {
 public:
  /// `running`: a server to measure against, instead of one of our own.
  Rig(const Case& c, const MeasuringOptions& options, const CpuShares& cpus, RunningServer* running)
      : own_(running ? nullptr : std::make_unique<MockServer>(options.server_program, cpus.server)),
        target_(running ? static_cast<Target&>(*running) : *own_),
        model_(burn_percent > 0 ? burning(model_of(c.model), burn_percent, target_.process().value_or(0))
                                : model_of(c.model)),
        measurement_(
            c, model_.is_program, target_, [&](const Case& whole) { return runs_of(whole, options, cpus); },
            ours(options)) {
    measurement_.prepare(options.watched);
  }
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;
  ~Rig() = default;

  Measurement& measurement() noexcept { return measurement_; }

 private:
  std::unique_ptr<Runs> runs_of(const Case& whole, const MeasuringOptions& options, const CpuShares& cpus) {
    const auto maker = [this, cpus](const Case& c) {
      return std::make_unique<RunMaker>(c, model_, target_, cpus.server);
    };
    if (whole.ranks == 0) return maker(whole);
    if (!options.party || options.party->size() != whole.ranks) {
      throw std::runtime_error(fmt::format("expected {} ranks, got {}: fanbench run starts them", whole.ranks,
                                           options.party ? options.party->size() : 0));
    }
    const auto of_part = [maker, cpus](Case& part) {
      resolve(part, static_cast<std::uint32_t>(cpus.client.size()));
      return maker(part);
    };
    return std::make_unique<ranks::DealtRuns>(whole, *options.party, of_part, options.ranks_have_cores);
  }

  /// Those that a case takes turns with are ours as well: what their common parent has started.
  static pid_t ours(const MeasuringOptions& options) {
    if (!options.party) return options.turns ? getppid() : getpid();
    return options.turns ? parent_of(options.party->launcher()) : options.party->launcher();
  }

  std::unique_ptr<MockServer> own_;
  Target& target_;
  ModelEntry model_;
  Measurement measurement_;
};

class Bench {
 public:
  Bench(const Suite& suite, const MeasuringOptions& options)
      : options_(options), cores_(physical_cores(allowed_cpus())) {

    raise_descriptor_limit();
    if (!options.server.empty()) running_.emplace(options.server);
    add_context(suite);
    if (options.party) cores_ = ranks::cores_of_rank(cores_, *options.party);
    for (const Case& c : suite.cases) {
      if (options.cases.empty() || std::ranges::count(options.cases, c.name) > 0) add(c);
    }
  }

  /// Returns the exit status.
  int run() {
    // Standard output is for the turns, where there are any.
    const auto display = options_.turns ? silence() : display_reporter(cases_), file = json_reporter(cases_);
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
    const auto [client, server] = share(cores_, Pin::apart);  // of the rows that do not say otherwise
    benchmark::AddCustomContext("client_cpus", fmt::format("{}", fmt::join(client, ",")));
    benchmark::AddCustomContext("server_cpus",
                                running_ ? "not pinned" : fmt::format("{}", fmt::join(server, ",")));
    if (running_) benchmark::AddCustomContext("server", options_.server);
  }

  void add(const Case& c) {
    Measured& measured = cases_[c.name] = {.c = &c};
    const auto measure = [this, &measured](benchmark::State& state) {
      try {
        this->measure(state, measured);
      } catch (const std::exception& reason) {
        measured.status = status_of(reason);
        state.SkipWithError(as_utf8(reason.what()).c_str());
      }
    };
    benchmark::RegisterBenchmark(c.name.c_str(), measure)
        ->UseManualTime()
        ->Iterations(options_.turns ? take_turns(c) : c.iterations)
        ->Unit(benchmark::kMillisecond);
  }

  std::unique_ptr<Rig> rig_of(const Case& c) {
    const CpuShares cpus = share(cores_, c.pin);
    pin_thread(cpus.client);  // and all that it starts
    return std::make_unique<Rig>(c, options_, cpus, running_ ? &*running_ : nullptr);
  }

  /// How many iterations a case takes is told when it is registered: its turns have to be over by then.
  /// Returns their number, 1 where one of them failed, as `measure` will say.
  benchmark::IterationCount take_turns(const Case& c) try {
    turns_ = rig_of(c);
    fanbench::take_turns(turns_->measurement(), std::cin, std::cout);
    return static_cast<benchmark::IterationCount>(turns_->measurement().makespans_s().size());
  } catch (const std::exception&) {
    failure_ = std::current_exception();
    return 1;
  }

  void measure(benchmark::State& state, Measured& measured) {
    if (failure_) std::rethrow_exception(failure_);
    const Case& c = *measured.c;
    const std::unique_ptr<Rig> rig = turns_ ? std::move(turns_) : rig_of(c);
    Measurement& measurement = rig->measurement();
    const std::vector<double> made = measurement.makespans_s();
    auto next = made.begin();
    for ([[maybe_unused]] auto _ : state)
      state.SetIterationTime(next == made.end() ? measurement.iterate() : *next++);
    for (const auto& [name, value] : measurement.counters()) state.counters[name] = value;
    measured.latency_tail = measurement.latency_tail();
    if (!options_.records.empty()) write_records(options_.records, c, measurement);
  }

  const MeasuringOptions& options_;
  std::vector<std::vector<int>> cores_;
  std::optional<RunningServer> running_;
  MeasuredCases cases_;
  std::unique_ptr<Rig> turns_;  // with the turns that were taken
  std::exception_ptr failure_;  // which ended them
};

}  // namespace

int measure(const Suite& suite, const MeasuringOptions& options) {
  for (const std::string& name : options.cases) {
    if (std::ranges::find(suite.cases, name, &Case::name) == suite.cases.end())
      throw SuiteError(fmt::format("there is no case {} in {} (--list shows them)", name, suite.name));
  }
  if (options.turns && options.cases.size() != 1)
    throw SuiteError(fmt::format("--turns takes one --case, got {}", options.cases.size()));
  return Bench(suite, options).run();
}

}  // namespace fanbench
