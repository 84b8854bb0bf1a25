// Measures one case.
#include "bench/measure/measurement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <thread>

#include "bench/measure/bottlenecks.hpp"
#include "bench/measure/calibration.hpp"
#include "bench/machine/limits.hpp"
#include "bench/measure/plausibility.hpp"
#include "bench/measure/quantiles.hpp"
#include "bench/measure/recording_cost.hpp"
#include "bench/workloads/checks.hpp"

namespace fanbench {
namespace {

using Clock = Recorder::Clock;
using std::chrono::milliseconds;

template <class Duration>
double microseconds(Duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}
double seconds(Nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

#if FANBENCH_BURN_PERCENT > 0
/// Uses so much CPU, for nothing.
void burn(Nanoseconds cpu) {
  const auto used = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
  };
  for (const Nanoseconds end = used() + cpu; used() < end;) {
  }
}
#endif

}  // namespace

struct Measurement::Run {
  Outcome outcome{};
  Nanoseconds cpu{}, server_cpu{};
  ContextSwitches switches{};
  std::optional<Allocations> allocations{};
  Usage peak{};
  std::optional<std::uint64_t> syscalls{};
  Ledger ledger{};
};

Measurement::Measurement(const Case& c, const ModelEntry& model, MockServer& server,
                         std::optional<int> server_cpu)
    : case_(c),
      entry_(model),
      specification_(specification_of(c.workload)),
      server_(server),
      server_cpu_(server_cpu),
      setup_{.host = server.host(),
             .port = server.port(),
             .transport = c.transport,
             .connection = c.connection,
             .workers = c.workers},
      records_(c.scenario.calls),
      attempts_(c.scenario.attempts > 1 ? std::size_t{c.scenario.calls} * c.scenario.attempts : 0) {
  if (c.cpu_per_call > Nanoseconds{}) case_.scenario.kernel_steps = kernel_steps_in(c.cpu_per_call);
}

std::uint32_t Measurement::in_flight() const {
  return std::min(specification_.in_flight(case_), entry_.most_in_flight(setup_));
}

double Measurement::ideal_s() const { return seconds(specification_.ideal(case_)); }

void Measurement::prepare(bool watched) {
  const Needs server_needs{.descriptors = 64 + std::uint64_t{in_flight()}, .tasks = 1};
  std::uint64_t connections = in_flight();
  const bool reopens = case_.cold || case_.connection == Connection::per_call || specification_.gives_up;
  if (reopens && !ports_are_reused())
    connections = std::uint64_t{case_.scenario.calls} * (case_.iterations + 1);
  const std::uint32_t tasks = specification_.tasks ? specification_.tasks(case_) : case_.scenario.calls;
  const Needs needs = entry_.needs(setup_, tasks, in_flight());
  if (auto missing = missing_for(needs, server_needs, connections)) {
    throw BeyondLimit(*missing);
  }
  if (auto refusal = specification_.refuse(case_)) throw WrongResult(*refusal);
  if (watched) {
    map_program();
    idle_pss_ = pss_of_tree(server_.pid());
  }
  if (!case_.cold) model_ = entry_.make(setup_);
  if (!watched) {
    run({});
    return;
  }
  load_.emplace(server_.pid());
  watch_runs();
  recording_us_per_call_ = recording_us_per_call(case_.scenario.calls, specification_.counts_tasks);
}

/// Watching disturbs: memory is sampled, and each system call takes a little longer. In a short run the
/// sampling changes how many system calls there are, so it is done once more without.
void Measurement::watch_runs() {
  constexpr Nanoseconds is_short = std::chrono::seconds(1);
  std::optional<SyscallCounter> counter;
  const Run watched = run({.usage = true, .syscalls = &counter});
  peak_ = watched.peak;
  syscalls_ = watched.syscalls;
  if (counter && watched.outcome.makespan < is_short) syscalls_ = run({.syscalls = &counter}).syscalls;
}

/// Waits until the client is idle: what workers of the last run still do, such as spinning before they sleep,
/// is no part of the next one. Gives up after about a second.
void Measurement::wait_for_quiet() {
  constexpr auto pause = milliseconds(1);
  constexpr auto idle = std::chrono::microseconds(100);  // CPU time in a pause
  for (int i = 0; i < 500; ++i) {
    const Nanoseconds before = cpu_of_tree(server_.pid());
    std::this_thread::sleep_for(pause);
    if (cpu_of_tree(server_.pid()) - before < idle) return;
  }
}

/// The server's account once it has seen the ends of all calls: connections given up reach it a moment later.
Ledger Measurement::settled_ledger(std::uint64_t run) {
  const auto deadline = Clock::now() + std::chrono::seconds(2);
  for (;;) {
    Ledger ledger = server_.ledger(run);
    if (ledger.open == 0 || Clock::now() > deadline) return ledger;
    std::this_thread::sleep_for(milliseconds(5));
  }
}

Measurement::Run Measurement::run(Watch watch) {
  if (!case_.cold && !warm_) model_->warm(in_flight());
  warm_ = true;
  std::ranges::fill(records_, CallRecord{});
  std::ranges::fill(attempts_, AttemptRecord{});
  Scenario scenario = case_.scenario;
  scenario.run = server_.create_run(case_.plan);

  wait_for_quiet();
  std::optional<PeakUsage> usage;
  if (watch.usage) usage.emplace(server_.pid(), server_cpu_);
  // Now, as it would count those of threads that are made later: it takes 50 ms to make and unmake.
  if (watch.syscalls && !*watch.syscalls)
    *watch.syscalls = SyscallCounter::open(server_.pid(), usage ? usage->thread_id() : 0);
  SyscallCounter* const syscalls = watch.syscalls && *watch.syscalls ? &**watch.syscalls : nullptr;
  const ContextSwitches switches = switches_of_tree(server_.pid());
  const Nanoseconds server_cpu = cpu_of_process(server_.pid());
  const Nanoseconds cpu = cpu_of_tree(server_.pid());
  const auto allocations = allocations_so_far();
  if (syscalls) syscalls->start();
  Recorder recorder(records_, attempts_);  // the run begins
  std::unique_ptr<Model> cold_model;
  if (case_.cold) cold_model = entry_.make(setup_);
  Model& model = case_.cold ? *cold_model : *model_;
  model.run(case_.workload, scenario, recorder);
  Nanoseconds makespan = Clock::now() - recorder.began();  // the run has ended

  Run result{};
  if (syscalls) result.syscalls = syscalls->stop();
  if (allocations) result.allocations = *allocations_so_far() - *allocations;
  result.cpu = cpu_of_tree(server_.pid()) - cpu;
#if FANBENCH_BURN_PERCENT > 0
  const auto burns = Clock::now();
  burn(result.cpu * FANBENCH_BURN_PERCENT / 100);
  makespan += Clock::now() - burns;
  result.cpu = cpu_of_tree(server_.pid()) - cpu;
#endif
  result.server_cpu = cpu_of_process(server_.pid()) - server_cpu;
  result.switches = switches_of_tree(server_.pid()) - switches;
  result.outcome = {.records = records_,
                    .attempts = attempts_,
                    .events = recorder.events(),
                    .chosen = recorder.chosen(),
                    .began = recorder.began().time_since_epoch(),
                    .makespan = makespan,
                    .note = recorder.noted(),
                    .tasks_peak = recorder.tasks_peak(),
                    .lags = recorder.lags()};
  if (usage) {
    result.peak = usage->stop();
    if (syscalls) result.peak.descriptors -= syscalls->descriptors();
  }
  cold_model.reset();
  result.ledger = settled_ledger(scenario.run);
  server_.forget(scenario.run);
  // Calls that were cancelled or reset took their connections with them.
  const auto given_up = [](const CallRecord& record) {
    return record.attempts > 0 &&
           (record.verdict == Verdict::cancelled || record.verdict == Verdict::timed_out);
  };
  warm_ = warm_ && result.ledger.broken == 0 && std::ranges::none_of(records_, given_up);

  if (!result.outcome.note.empty()) throw WrongResult(result.outcome.note);
  if (auto mistake =
          verify(specification_, case_, entry_.most_in_flight(setup_), result.outcome, result.ledger)) {
    throw WrongResult(*mistake);
  }
  chosen_ = result.outcome.chosen;
  return result;
}

double Measurement::iterate() {
  const Run result = run({});
  makespans_s_.push_back(seconds(result.outcome.makespan));
  cpu_us_ += microseconds(result.cpu);
  server_cpu_us_ += microseconds(result.server_cpu);
  switches_ = switches_ + result.switches;
  if (result.allocations) allocations_ = allocations_.value_or(Allocations{}) + *result.allocations;
  in_flight_peak_ = std::max(in_flight_peak_, result.ledger.in_flight_peak);
  connections_ = std::max(connections_, result.ledger.connections_new);
  if (specification_.counts_tasks) tasks_peak_ = std::max(tasks_peak_, result.outcome.tasks_peak);
  for (const CallRecord& record : records_) {
    retries_ += record.attempts > 0 ? record.attempts - 1U : 0U;
    cancelled_ += record.verdict == Verdict::cancelled;
    timed_out_ += record.verdict == Verdict::timed_out;
    failed_ += record.verdict == Verdict::http_error || record.verdict == Verdict::transport_error;
    if (record.verdict == Verdict::cancelled) continue;
    latencies_us_.push_back(microseconds(record.finished - record.intended));
    from_start_us_.push_back(microseconds(record.finished - record.started));
    late_start_us_.push_back(microseconds(record.started - record.intended));
  }
  for (const LedgerCall& call : result.ledger.calls) {
    if (call.ending == Ending::completed) lateness_us_.push_back(microseconds(call.ended - call.due));
    const Verdict verdict = records_[call.id].verdict;
    const bool given_up = verdict == Verdict::cancelled || verdict == Verdict::timed_out;
    wasted_ += given_up && call.ending == Ending::completed;
  }
  for (const Nanoseconds lag : result.outcome.lags) lags_us_.push_back(microseconds(lag));
  if (specification_.decided) {
    if (const auto decided = specification_.decided(case_, result.outcome))
      // A deadline is set a moment before its call is recorded as started: not below 0.
      cancel_latencies_us_.push_back(std::max(0.0, microseconds(result.outcome.makespan - *decided)));
  }
  return makespans_s_.back();
}

std::map<std::string, double> Measurement::counters() const {
  const auto iterations = static_cast<double>(makespans_s_.size());
  const double calls = case_.scenario.calls;
  const double all_calls = iterations * calls;
  const double makespan_s = median(makespans_s_);
  std::map<std::string, double> counters = {
      {"ideal_s", ideal_s()},
      {"makespan_s", makespan_s},
      {"overhead_us_per_call", (makespan_s - ideal_s()) * 1e6 / calls},
      {"efficiency", ideal_s() / makespan_s},
      {"calls_per_s", calls / makespan_s},
      {"cpu_us_per_call", cpu_us_ / all_calls},
      {"server_cpu_us_per_call", server_cpu_us_ / all_calls},
      {"voluntary_switches_per_call", static_cast<double>(switches_.voluntary) / all_calls},
      {"involuntary_switches_per_call", static_cast<double>(switches_.involuntary) / all_calls},
      {"in_flight_peak", static_cast<double>(in_flight_peak_)},
      {"connections", static_cast<double>(connections_)},
      {"retries", static_cast<double>(retries_) / iterations},
      {"cancelled", static_cast<double>(cancelled_) / iterations},
      {"timed_out", static_cast<double>(timed_out_) / iterations},
      {"failed", static_cast<double>(failed_) / iterations},
      {"verified", 1},  // else there is no row
  };
  const auto add_quantile = [&counters](const char* name, const std::vector<double>& sample, double q) {
    if (const auto value = quantile(sample, q)) counters[name] = *value;
  };
  add_quantile("latency_p50_us", latencies_us_, 0.50);
  add_quantile("latency_p90_us", latencies_us_, 0.90);
  add_quantile("latency_p99_us", latencies_us_, 0.99);
  add_quantile("from_start_p50_us", from_start_us_, 0.50);
  add_quantile("from_start_p90_us", from_start_us_, 0.90);
  add_quantile("from_start_p99_us", from_start_us_, 0.99);
  add_quantile("late_start_p50_us", late_start_us_, 0.50);
  add_quantile("late_start_p99_us", late_start_us_, 0.99);
  if (!latencies_us_.empty()) {
    counters["latency_mean_us"] = mean(latencies_us_);
    counters["latency_max_us"] = std::ranges::max(latencies_us_);
    counters["from_start_max_us"] = std::ranges::max(from_start_us_);
  }
  add_quantile("lateness_p99_us", lateness_us_, 0.99);
  if (syscalls_) counters["syscalls_per_call"] = static_cast<double>(*syscalls_) / calls;
  if (allocations_) {
    counters["counts_allocations"] = 1;
    counters["allocations_per_call"] = static_cast<double>(allocations_->calls) / all_calls;
    counters["allocated_bytes_per_call"] = static_cast<double>(allocations_->bytes) / all_calls;
  }
  if (specification_.gives_up) counters["wasted_calls"] = static_cast<double>(wasted_) / iterations;
  if (!cancel_latencies_us_.empty()) counters["cancel_latency_us"] = median(cancel_latencies_us_);
  if (case_.cpu_per_call > Nanoseconds{}) counters["kernel_steps_per_ms"] = kernel_steps_per_ms();
  if (tasks_peak_ > 0) counters["tasks_peak"] = tasks_peak_;
  if (peak_) {
    const std::uint64_t memory = peak_->pss_bytes - std::min(peak_->pss_bytes, idle_pss_);
    counters["peak_pss_bytes"] = static_cast<double>(peak_->pss_bytes);
    counters["pss_bytes_per_call"] = static_cast<double>(memory) / calls;
    if (tasks_peak_ > 0) counters["bytes_per_task"] = static_cast<double>(memory) / tasks_peak_;
    counters["threads_peak"] = static_cast<double>(peak_->threads);
    counters["descriptors_peak"] = static_cast<double>(peak_->descriptors);
    counters["recording_us_per_call"] = recording_us_per_call_;
  }
  add_quantile("loop_lag_p50_us", lags_us_, 0.50);
  add_quantile("loop_lag_p99_us", lags_us_, 0.99);
  if (!lags_us_.empty()) counters["loop_lag_max_us"] = std::ranges::max(lags_us_);
  mark_bottlenecks(counters, server_cpu_us_ / 1e6 / (mean(makespans_s_) * iterations),
                   load_ ? load_->of_others() : std::nullopt);
  if (auto mistake = find_impossible(counters)) throw WrongResult(*mistake);
  return counters;
}

}  // namespace fanbench
