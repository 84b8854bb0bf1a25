// What each figure is made of.
#include "bench/measure/row.hpp"

#include <algorithm>
#include <functional>

#include "bench/catalogue/figures.hpp"
#include "bench/measure/bottlenecks.hpp"
#include "bench/measure/plausibility.hpp"
#include "bench/specification/checks.hpp"

namespace fanbench {
namespace {

double microseconds(Nanoseconds duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}
double seconds(Nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

void tell_quantile(std::map<std::string, double>& figures, const char* name,
                   const std::vector<double>& sample, double q) {
  if (const auto value = quantile(sample, q)) figures[name] = *value;
}

double median_us(const std::vector<Parts>& runs, auto part) {
  std::vector<double> values;
  for (const Parts& run : runs) values.push_back(microseconds(std::invoke(part, run)));
  return median(std::move(values));
}

}  // namespace

Row::Row(const Case& c) : case_(c), specification_(specification_of(c.workload)) {}

std::vector<double> Row::makespans_s() const {
  std::vector<double> all;
  for (const Parts& parts : parts_) all.push_back(seconds(parts.makespan));
  return all;
}
double Row::ideal_s() const { return median_us(parts_, &Parts::ideal) / 1e6; }

double Row::all_calls() const {
  if (specification_.completes) return std::max(1.0, static_cast<double>(counts_.completed));
  return runs() * case_.scenario.calls;
}

/// Where the ideal differs from run to run, medians are not of the same one.
double Row::efficiency() const {
  if (specification_.draws_anew) return median(efficiencies_);
  return ideal_s() / (median_us(parts_, &Parts::makespan) / 1e6);
}

void Row::add(const Run& run) {
  add_costs(run.costs);
  parts_.push_back(run.parts);
  efficiencies_.push_back(run.efficiency());
  kernel_steps_per_ms_ = run.kernel_steps_per_ms;
  add_ranks(run.together);
  add_calls(run);
  if (case_.plan.stream.events > 0) add_events(run);
  if (specification_.subscribes) add_deliveries(run);
  if (specification_.has_pages) add_pages(run);
  for (const Nanoseconds lag : run.outcome.lags) times_.lags.push_back(microseconds(lag));
  if (specification_.decided) {
    if (const auto decided = specification_.decided(case_, run.outcome))
      // A deadline is set a moment before its call is recorded as started: not below 0.
      times_.cancel_latencies.push_back(std::max(0.0, microseconds(run.outcome.makespan - *decided)));
  }
  if (specification_.returned) {
    if (const auto returned = specification_.returned(case_, run.outcome))
      times_.returns.push_back(microseconds(*returned));
  }
  counts_.completed += run.outcome.completed();
  counts_.completed_by_ideal += run.completed_by_ideal;
  counts_.in_flight_peak = std::max(counts_.in_flight_peak, run.ledger.in_flight_peak);
  counts_.connections = std::max(counts_.connections, run.ledger.connections_new);
  counts_.queue_peak = std::max(counts_.queue_peak, run.ledger.queue_peak.value_or(0));
  counts_.ring.entries += run.outcome.ring.entries;
  counts_.ring.enters += run.outcome.ring.enters;
  if (specification_.counts_tasks) counts_.tasks_peak = std::max(counts_.tasks_peak, run.outcome.tasks_peak);
}

void Row::add_ranks(const Together& together) {
  of_ranks_.number = together.ranks.size();
  of_ranks_.clock_uncertainty = std::max(of_ranks_.clock_uncertainty, together.clock_uncertainty);
  of_ranks_.start_spread = std::max(of_ranks_.start_spread, together.start_spread);
  of_ranks_.starts_missed += together.starts_missed;
  of_ranks_.busiest_server_cpu += together.busiest_server_cpu;
  if (together.ranks.empty()) return;
  std::vector<double> makespans_s, cpu_us;
  for (const RankFigures& rank : together.ranks) {
    makespans_s.push_back(seconds(rank.makespan));
    cpu_us.push_back(microseconds(rank.cpu) / rank.calls);
  }
  of_ranks_.least_makespans_s.push_back(std::ranges::min(makespans_s));
  of_ranks_.most_makespans_s.push_back(std::ranges::max(makespans_s));
  of_ranks_.least_cpu_us.push_back(std::ranges::min(cpu_us));
  of_ranks_.most_cpu_us.push_back(std::ranges::max(cpu_us));
}

void Row::add_calls(const Run& run) {
  for (const CallRecord& record : run.outcome.records) {
    counts_.further_attempts += record.attempts > 0 ? record.attempts - 1U : 0U;
    counts_.cancelled += record.verdict == Verdict::cancelled;
    counts_.timed_out += record.verdict == Verdict::timed_out;
    counts_.failed += record.verdict == Verdict::http_error || record.verdict == Verdict::transport_error;
    if (record.verdict == Verdict::cancelled) continue;
    times_.latencies.push_back(microseconds(record.finished - record.intended));
    times_.from_start.push_back(microseconds(record.finished - record.started));
    times_.late_start.push_back(microseconds(record.started - record.intended));
  }
  for (const LedgerCall& call : run.ledger.calls) {
    counts_.refused += call.ending == Ending::refused;
    if (case_.plan.capacity.slots > 0 && call.ending != Ending::refused)
      times_.server_waits.push_back(microseconds(call.waited));
    if (call.ending != Ending::completed) continue;
    times_.server_lateness.push_back(microseconds(call.ended - call.due - length_of(case_.plan.stream)));
    counts_.wasted += was_given_up(run.outcome.attempt_of(call));
  }
}

void Row::add_events(const Run& run) {
  const auto streams = run.outcome.events_by_call();
  const std::uint64_t all_sent = run.ledger.events_sent.value_or(0);
  counts_.events_unread += all_sent - std::min<std::uint64_t>(all_sent, run.outcome.events.size());
  for (CallId id = 0; id < streams.size(); ++id) {
    const std::vector<EventRecord>& events = streams[id];
    if (events.empty()) continue;  // given up before the first
    times_.first_events.push_back(microseconds(events.front().at - run.outcome.records[id].intended));
    const Nanoseconds sent = run.outcome.attempts_of(id).back().started;
    times_.first_events_from_sending.push_back(microseconds(events.front().at - sent));
    for (std::size_t i = 1; i < events.size(); ++i)
      times_.gaps.push_back(microseconds(events[i].at - events[i - 1].at));
  }
  if (!run.outcome.clock.shared) return;
  for (const LedgerCall& call : run.ledger.calls) {
    if (call.ending == Ending::refused) continue;
    for (std::size_t i = 0; i < streams[call.id].size(); ++i) {
      const Nanoseconds due = call.due + i * case_.plan.stream.interval;
      times_.event_lateness.push_back(microseconds(run.outcome.at(streams[call.id][i].at) - due));
    }
  }
}

void Row::add_deliveries(const Run& run) {
  const auto said = run.outcome.events_of_none();
  for (const EventRecord& event : run.outcome.events) {
    if (event.id != Recorder::none)
      times_.deliveries.push_back(microseconds(event.at - said[event.number].at));
  }
}

/// All pages begin with the run, and each is ready with the last of its calls.
void Row::add_pages(const Run& run) {
  const Case drawn = case_of_run(case_, run.number);
  const auto pages_calls = drawn.scenario.services;
  for (CallId first = 0; first < drawn.scenario.calls; first += pages_calls) {
    Nanoseconds ready{}, planned{};
    bool whole = true;
    for (CallId id = first; id < first + pages_calls; ++id) {
      const CallRecord& record = run.outcome.records[id];
      ready = std::max(ready, record.finished);
      planned = std::max(planned, delay(drawn, id));
      whole &= record.verdict != Verdict::timed_out;
    }
    times_.pages.push_back(microseconds(ready));
    counts_.slow_pages += ready > case_.slow_after;
    counts_.planned_slow_pages += planned > case_.slow_after;
    counts_.incomplete_pages += !whole;
  }
}

void Row::add_costs(const Costs& costs) {
  costs_.cpu += costs.cpu;
  if (costs.server_cpu) costs_.server_cpu = costs_.server_cpu.value_or(Nanoseconds{}) + *costs.server_cpu;
  costs_.switches = costs_.switches + costs.switches;
  if (costs.allocations) costs_.allocations = costs_.allocations.value_or(Allocations{}) + *costs.allocations;
}

std::map<std::string, double> Row::figures(std::optional<double> other_load_cores) const {
  Figures figures = {{"verified", 1}};  // else there is no row
  tell_parts(figures);
  tell_times(figures);
  if (specification_.has_pages) tell_pages(figures);
  tell_counts(figures);
  tell_costs(figures);
  if (watched_) tell_watched(figures);
  if (of_ranks_.number > 0) tell_ranks(figures);
  if (kernel_steps_per_ms_ > 0) figures["kernel_steps_per_ms"] = kernel_steps_per_ms_;
  mark_bottlenecks(figures, other_load_cores);
  if (auto mistake = find_impossible(figures)) throw WrongResult(*mistake);
  for (const auto& [name, value] : figures) figure(name);  // each is in the catalogue
  return figures;
}

/// Medians of the runs do not add up: the server's part is what the client's leaves of the whole.
void Row::tell_parts(Figures& figures) const {
  const double calls = case_.scenario.calls, makespan_s = median_us(parts_, &Parts::makespan) / 1e6;
  const double overhead_us = median_us(parts_, &Parts::overhead) / calls;
  const double of_client_us = median_us(parts_, &Parts::of_client) / calls;
  figures["ideal_s"] = ideal_s();
  figures["served_ideal_s"] = median_us(parts_, &Parts::served_ideal) / 1e6;
  figures["makespan_s"] = makespan_s;
  figures["overhead_us_per_call"] = overhead_us;
  figures["client_overhead_us_per_call"] = of_client_us;
  figures["server_overhead_us_per_call"] = overhead_us - of_client_us;
  figures["efficiency"] = efficiency();
  figures["calls_per_s"] = all_calls() / runs() / makespan_s;
}

void Row::tell_times(Figures& figures) const {
  tell_quantile(figures, "latency_p50_us", times_.latencies, 0.50);
  tell_quantile(figures, "latency_p90_us", times_.latencies, 0.90);
  tell_quantile(figures, "latency_p99_us", times_.latencies, 0.99);
  tell_quantile(figures, "latency_p999_us", times_.latencies, 0.999);
  tell_quantile(figures, "from_start_p50_us", times_.from_start, 0.50);
  tell_quantile(figures, "from_start_p90_us", times_.from_start, 0.90);
  tell_quantile(figures, "from_start_p99_us", times_.from_start, 0.99);
  tell_quantile(figures, "late_start_p50_us", times_.late_start, 0.50);
  tell_quantile(figures, "late_start_p99_us", times_.late_start, 0.99);
  if (!times_.latencies.empty()) {
    figures["latency_mean_us"] = mean(times_.latencies);
    figures["latency_max_us"] = std::ranges::max(times_.latencies);
    figures["from_start_max_us"] = std::ranges::max(times_.from_start);
  }
  tell_quantile(figures, "lateness_p99_us", times_.server_lateness, 0.99);
  tell_quantile(figures, "server_wait_p50_us", times_.server_waits, 0.50);
  tell_quantile(figures, "server_wait_p99_us", times_.server_waits, 0.99);
  if (!times_.cancel_latencies.empty()) figures["cancel_latency_us"] = median(times_.cancel_latencies);
  if (!times_.returns.empty()) figures["return_us"] = median(times_.returns);
  tell_quantile(figures, "time_to_first_us", times_.first_events, 0.50);
  tell_quantile(figures, "first_after_sending_us", times_.first_events_from_sending, 0.50);
  tell_quantile(figures, "gap_p50_us", times_.gaps, 0.50);
  tell_quantile(figures, "gap_p99_us", times_.gaps, 0.99);
  tell_quantile(figures, "event_late_p50_us", times_.event_lateness, 0.50);
  tell_quantile(figures, "event_late_p99_us", times_.event_lateness, 0.99);
  tell_quantile(figures, "delivery_p50_us", times_.deliveries, 0.50);
  tell_quantile(figures, "delivery_p99_us", times_.deliveries, 0.99);
  tell_quantile(figures, "loop_lag_p50_us", times_.lags, 0.50);
  tell_quantile(figures, "loop_lag_p99_us", times_.lags, 0.99);
  if (!times_.lags.empty()) figures["loop_lag_max_us"] = std::ranges::max(times_.lags);
}

void Row::tell_pages(Figures& figures) const {
  tell_quantile(figures, "page_p50_us", times_.pages, 0.50);
  tell_quantile(figures, "page_p99_us", times_.pages, 0.99);
  tell_quantile(figures, "page_p999_us", times_.pages, 0.999);
  if (times_.pages.empty()) return;
  const auto share = [&](std::uint64_t pages) {
    return static_cast<double>(pages) / static_cast<double>(times_.pages.size());
  };
  if (case_.slow_after > Nanoseconds{}) {
    figures["slow_pages"] = share(counts_.slow_pages);
    figures["planned_slow_pages"] = share(counts_.planned_slow_pages);
  }
  if (case_.scenario.deadline > Nanoseconds{}) figures["incomplete_pages"] = share(counts_.incomplete_pages);
}

void Row::tell_counts(Figures& figures) const {
  if (!specification_.subscribes) {  // of WebSockets the server counts messages, not calls
    figures["in_flight_peak"] = static_cast<double>(counts_.in_flight_peak);
    figures["connections"] = static_cast<double>(counts_.connections);
  }
  const double further_attempts = static_cast<double>(counts_.further_attempts) / runs();
  figures["retries"] = specification_.hedges ? 0.0 : further_attempts;
  if (specification_.hedges) figures["extra_calls"] = further_attempts / case_.scenario.calls;
  figures["cancelled"] = static_cast<double>(counts_.cancelled) / runs();
  figures["timed_out"] = static_cast<double>(counts_.timed_out) / runs();
  figures["failed"] = static_cast<double>(counts_.failed) / runs();
  if (case_.plan.capacity.per_second > 0)
    figures["refused_per_call"] = static_cast<double>(counts_.refused) / runs() / case_.scenario.calls;
  if (counts_.completed_by_ideal > 0)
    figures["crawled"] =
        static_cast<double>(counts_.completed) / static_cast<double>(counts_.completed_by_ideal);
  if (case_.plan.capacity.slots > 0) figures["server_queue_peak"] = static_cast<double>(counts_.queue_peak);
  if (case_.plan.stream.events > 0 && case_.scenario.deadline > Nanoseconds::zero())
    figures["events_unread"] = static_cast<double>(counts_.events_unread) / runs();
  if (specification_.gives_up) figures["wasted_calls"] = static_cast<double>(counts_.wasted) / runs();
  if (counts_.tasks_peak > 0) figures["tasks_peak"] = counts_.tasks_peak;
  if (counts_.ring.enters > 0)
    figures["entries_per_enter"] =
        static_cast<double>(counts_.ring.entries) / static_cast<double>(counts_.ring.enters);
}

void Row::tell_costs(Figures& figures) const {
  figures["cpu_us_per_call"] = microseconds(costs_.cpu) / all_calls();
  if (costs_.server_cpu) {
    Nanoseconds makespans{};
    for (const Parts& run : parts_) makespans += run.makespan;
    figures["server_cpu_us_per_call"] = microseconds(*costs_.server_cpu) / all_calls();
    // Of several servers that of the CPUs that were busiest with them: one is enough to hold all calls up.
    const Nanoseconds busiest = of_ranks_.number > 0 ? of_ranks_.busiest_server_cpu : *costs_.server_cpu;
    figures["server_cpu_share"] = microseconds(busiest) / microseconds(makespans);
  }
  figures["voluntary_switches_per_call"] = static_cast<double>(costs_.switches.voluntary) / all_calls();
  figures["involuntary_switches_per_call"] = static_cast<double>(costs_.switches.involuntary) / all_calls();
  if (!costs_.allocations) return;
  figures["counts_allocations"] = 1;
  figures["allocations_per_call"] = static_cast<double>(costs_.allocations->calls) / all_calls();
  figures["allocated_bytes_per_call"] = static_cast<double>(costs_.allocations->bytes) / all_calls();
}

void Row::tell_ranks(Figures& figures) const {
  figures["ranks"] = static_cast<double>(of_ranks_.number);
  figures["clock_uncertainty_us"] = microseconds(of_ranks_.clock_uncertainty);
  figures["start_spread_us"] = microseconds(of_ranks_.start_spread);
  figures["starts_missed"] = of_ranks_.starts_missed;
  figures["rank_makespan_least_s"] = median(of_ranks_.least_makespans_s);
  figures["rank_makespan_most_s"] = median(of_ranks_.most_makespans_s);
  figures["rank_cpu_us_per_call_least"] = median(of_ranks_.least_cpu_us);
  figures["rank_cpu_us_per_call_most"] = median(of_ranks_.most_cpu_us);
}

void Row::tell_watched(Figures& figures) const {
  const Usage& peak = watched_->peak;
  const auto calls = static_cast<double>(watched_->calls);
  const std::uint64_t memory = peak.pss_bytes - std::min(peak.pss_bytes, watched_->idle_pss_bytes);
  figures["peak_pss_bytes"] = static_cast<double>(peak.pss_bytes);
  figures["pss_bytes_per_call"] = static_cast<double>(memory) / case_.scenario.calls;
  if (counts_.tasks_peak > 0) figures["bytes_per_task"] = static_cast<double>(memory) / counts_.tasks_peak;
  figures["threads_peak"] = static_cast<double>(peak.threads);
  figures["descriptors_peak"] = static_cast<double>(peak.descriptors);
  if (watched_->recording_us_per_call) figures["recording_us_per_call"] = *watched_->recording_us_per_call;
  if (watched_->syscalls) figures["syscalls_per_call"] = static_cast<double>(*watched_->syscalls) / calls;
  if (watched_->instructions)
    figures["instructions_per_call"] = static_cast<double>(*watched_->instructions) / calls;
}

}  // namespace fanbench
