// Measures one case.
#include "bench/measurement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <thread>

#include "bench/calibration.hpp"
#include "bench/limits.hpp"
#include "bench/quantiles.hpp"
#include "bench/resources.hpp"
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

}  // namespace

struct Measurement::Run {
  Outcome outcome{};
  Nanoseconds cpu{}, server_cpu{};
  std::uint64_t peak_pss = 0;
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
      records_(c.scenario.calls) {
  if (c.cpu_per_call > Nanoseconds{}) case_.scenario.kernel_steps = kernel_steps_in(c.cpu_per_call);
}

std::uint32_t Measurement::in_flight() const {
  return std::min(specification_.in_flight(case_), entry_.most_in_flight(setup_));
}

double Measurement::ideal_s() const { return seconds(specification_.ideal(case_)); }

void Measurement::prepare() {
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
  idle_pss_ = pss_of_tree(server_.pid());
  if (!case_.cold) model_ = entry_.make(setup_);
  peak_pss_ = run(true).peak_pss;
}

void Measurement::warm_up() {
  // Calls that all wait at once need a connection each. A model that was too slow to begin them all in time
  // is given longer delays until it has them; the ledger of the run that follows proves that it opened no
  // more.
  constexpr int tries = 8;
  const std::uint32_t needed = in_flight();
  Nanoseconds delay =
      std::max<Nanoseconds>(warm_up_delay_, milliseconds(10) + needed * std::chrono::microseconds(100));
  for (int i = 0; i < tries; ++i, delay *= 2) {
    const std::uint64_t run = server_.create_run(Plan{.delay = FixedDelay{delay}});
    std::vector<CallRecord> records(needed);
    Recorder recorder(records);
    model_->gather({.run = run, .calls = needed}, recorder);
    const Ledger ledger = settled_ledger(run);
    server_.forget(run);
    if (!recorder.noted().empty()) throw WrongResult(recorder.noted());
    if (ledger.in_flight_peak >= needed) {
      warm_up_delay_ = delay;
      warm_ = true;
      return;
    }
  }
  throw WrongResult(fmt::format("the warm-up could not bring {} calls in flight at once", needed));
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

Measurement::Run Measurement::run(bool watch_memory) {
  if (!case_.cold && case_.connection == Connection::reuse && !warm_) warm_up();
  std::ranges::fill(records_, CallRecord{});
  Scenario scenario = case_.scenario;
  scenario.run = server_.create_run(case_.plan);
  const auto workload = std::ranges::find(workloads(), case_.workload, &Workload::name);

  wait_for_quiet();
  std::optional<PeakPss> memory;
  if (watch_memory) memory.emplace(server_.pid(), server_cpu_);
  const Nanoseconds server_cpu = cpu_of_process(server_.pid());
  const Nanoseconds cpu = cpu_of_tree(server_.pid());
  Recorder recorder(records_);  // the run begins
  std::unique_ptr<Model> cold_model;
  if (case_.cold) cold_model = entry_.make(setup_);
  Model& model = case_.cold ? *cold_model : *model_;
  (model.*workload->run)(scenario, recorder);
  const Nanoseconds makespan = Clock::now() - recorder.began();  // the run has ended

  Run result{.outcome = {.records = records_,
                         .chosen = recorder.chosen(),
                         .began = recorder.began().time_since_epoch(),
                         .makespan = makespan,
                         .note = recorder.noted(),
                         .tasks_peak = recorder.tasks_peak(),
                         .lags = recorder.lags()},
             .cpu = cpu_of_tree(server_.pid()) - cpu,
             .server_cpu = cpu_of_process(server_.pid()) - server_cpu};
  if (memory) result.peak_pss = memory->stop();
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
  const Run result = run(false);
  makespans_s_.push_back(seconds(result.outcome.makespan));
  cpu_us_ += microseconds(result.cpu);
  server_cpu_us_ += microseconds(result.server_cpu);
  in_flight_peak_ = std::max(in_flight_peak_, result.ledger.in_flight_peak);
  connections_ = std::max(connections_, result.ledger.connections_new);
  if (specification_.counts_tasks) tasks_peak_ = std::max(tasks_peak_, result.outcome.tasks_peak);
  for (const CallRecord& record : records_) {
    retries_ += record.attempts > 0 ? record.attempts - 1U : 0U;
    cancelled_ += record.verdict == Verdict::cancelled;
    timed_out_ += record.verdict == Verdict::timed_out;
    failed_ += record.verdict == Verdict::http_error || record.verdict == Verdict::transport_error;
    if (record.verdict != Verdict::cancelled)
      latencies_us_.push_back(microseconds(record.finished - record.intended));
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
  const double makespan_s = median(makespans_s_);
  const double memory = peak_pss_ > idle_pss_ ? static_cast<double>(peak_pss_ - idle_pss_) : 0;
  std::map<std::string, double> counters = {
      {"ideal_s", ideal_s()},
      {"makespan_s", makespan_s},
      {"overhead_us_per_call", (makespan_s - ideal_s()) * 1e6 / calls},
      {"efficiency", ideal_s() / makespan_s},
      {"calls_per_s", calls / makespan_s},
      {"cpu_us_per_call", cpu_us_ / iterations / calls},
      {"server_cpu_us_per_call", server_cpu_us_ / iterations / calls},
      {"peak_pss_bytes", static_cast<double>(peak_pss_)},
      {"pss_bytes_per_call", memory / calls},
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
  if (!latencies_us_.empty()) counters["latency_max_us"] = std::ranges::max(latencies_us_);
  add_quantile("lateness_p99_us", lateness_us_, 0.99);
  if (specification_.gives_up) counters["wasted_calls"] = static_cast<double>(wasted_) / iterations;
  if (!cancel_latencies_us_.empty()) counters["cancel_latency_us"] = median(cancel_latencies_us_);
  if (case_.cpu_per_call > Nanoseconds{}) counters["kernel_steps_per_ms"] = kernel_steps_per_ms();
  if (tasks_peak_ > 0) {
    counters["tasks_peak"] = tasks_peak_;
    counters["bytes_per_task"] = memory / tasks_peak_;
  }
  add_quantile("loop_lag_p50_us", lags_us_, 0.50);
  add_quantile("loop_lag_p99_us", lags_us_, 0.99);
  if (!lags_us_.empty()) counters["loop_lag_max_us"] = std::ranges::max(lags_us_);
  return counters;
}

}  // namespace fanbench
