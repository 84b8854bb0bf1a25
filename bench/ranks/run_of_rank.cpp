// Hands runs over, and merges them.
#include "bench/ranks/run_of_rank.hpp"

#include <algorithm>

#include "bench/ranks/bytes.hpp"
#include "bench/specification/checks.hpp"

namespace fanbench::ranks {
namespace {

/// All of a ledger but its calls, which come apart.
struct LedgerTotals {
  std::uint64_t arrivals, completed, broken, abandoned, open, duplicates, in_flight_peak, connections_new;
  Nanoseconds arrival_error;
  bool clock_stepped;
  std::optional<std::uint64_t> queue_peak, events_sent;
  LedgerMessages messages;
};

LedgerTotals totals_of(const Ledger& ledger) {
  return {ledger.arrivals,      ledger.completed,     ledger.broken,         ledger.abandoned,
          ledger.open,          ledger.duplicates,    ledger.in_flight_peak, ledger.connections_new,
          ledger.arrival_error, ledger.clock_stepped, ledger.queue_peak,     ledger.events_sent,
          ledger.messages};
}

Ledger ledger_of(const LedgerTotals& totals, std::vector<LedgerCall> calls) {
  return {.arrivals = totals.arrivals,
          .completed = totals.completed,
          .broken = totals.broken,
          .abandoned = totals.abandoned,
          .open = totals.open,
          .duplicates = totals.duplicates,
          .in_flight_peak = totals.in_flight_peak,
          .connections_new = totals.connections_new,
          .arrival_error = totals.arrival_error,
          .clock_stepped = totals.clock_stepped,
          .queue_peak = totals.queue_peak,
          .events_sent = totals.events_sent,
          .messages = totals.messages,
          .calls = std::move(calls)};
}

/// What is no list, of a run that went well: there is no note, and nothing was chosen.
struct Totals {
  std::uint32_t number, completed_by_ideal, tasks_peak;
  double kernel_steps_per_ms;
  Nanoseconds began, makespan;
  Parts parts;
  RingUse ring;
  SharedClock clock;
  Costs costs;
  std::optional<Usage> peak;
  std::optional<std::uint64_t> syscalls, instructions;
  bool missed_start;
};

template <class T>
std::span<const T> view(const std::vector<T>& values) {
  return values;
}

template <class T>
void add(std::optional<T>& sum, const std::optional<T>& part) {
  sum = sum && part ? std::optional<T>(*sum + *part) : std::nullopt;
}

void add(std::optional<Usage>& sum, const std::optional<Usage>& part) {
  if (!sum || !part) return sum.reset();
  sum->pss_bytes += part->pss_bytes;
  sum->threads += part->threads;
  sum->descriptors += part->descriptors;
}

void add(Costs& sum, const Costs& part) {
  sum.cpu += part.cpu;
  add(sum.server_cpu, part.server_cpu);
  sum.switches = sum.switches + part.switches;
  add(sum.allocations, part.allocations);
}

/// From the ranks' ledgers, of calls that are on one clock: no more than their peaks together, which need not
/// be of the same moment, and no less than the greatest.
std::uint64_t most_at_once(const std::vector<LedgerCall>& calls, std::uint64_t least, std::uint64_t most,
                           Nanoseconds LedgerCall::*begin, auto end) {
  std::vector<std::pair<Nanoseconds, int>> changes;
  for (const LedgerCall& call : calls) {
    if (end(call) <= call.*begin) continue;
    changes.emplace_back(call.*begin, 1);
    changes.emplace_back(end(call), -1);
  }
  return std::clamp(fanbench::most_at_once(std::move(changes)), least, most);
}

/// How late the rank began. Nobody begins early: less than 0 is the clocks' uncertainty.
Nanoseconds late_start(const Run& run, const ClockOffset& clock, Recorder::Clock::time_point agreed) {
  return std::max(Nanoseconds::zero(), run.outcome.began - clock.offset - agreed.time_since_epoch());
}

/// Of times of the run: 0 is its beginning, which was agreed.
void move(Nanoseconds& time, Nanoseconds by) {
  if (time > Nanoseconds::zero()) time += by;
}

}  // namespace

std::string to_bytes(const Run& run) {
  const Outcome& outcome = run.outcome;
  Writer bytes;
  bytes.put(Totals{.number = run.number,
                   .completed_by_ideal = run.completed_by_ideal,
                   .tasks_peak = outcome.tasks_peak,
                   .kernel_steps_per_ms = run.kernel_steps_per_ms,
                   .began = outcome.began,
                   .makespan = outcome.makespan,
                   .parts = run.parts,
                   .ring = outcome.ring,
                   .clock = outcome.clock,
                   .costs = run.costs,
                   .peak = run.peak,
                   .syscalls = run.syscalls,
                   .instructions = run.instructions,
                   .missed_start = run.missed_start});
  bytes.put(totals_of(run.ledger));
  bytes.put(view(run.ledger.calls));
  bytes.put(outcome.records);
  bytes.put(outcome.attempts);
  bytes.put(view(outcome.events));
  bytes.put(view(outcome.lags));
  return bytes.take();
}

RunOfRank read_run(std::string_view bytes) {
  Reader reader(bytes);
  const auto totals = reader.get<Totals>();
  const auto ledger = reader.get<LedgerTotals>();
  RunOfRank read;
  read.run = {.number = totals.number,
              .ledger = ledger_of(ledger, reader.get_all<LedgerCall>()),
              .parts = totals.parts,
              .completed_by_ideal = totals.completed_by_ideal,
              .kernel_steps_per_ms = totals.kernel_steps_per_ms,
              .costs = totals.costs,
              .peak = totals.peak,
              .syscalls = totals.syscalls,
              .instructions = totals.instructions,
              .missed_start = totals.missed_start};
  read.records = reader.get_all<CallRecord>();
  read.attempts = reader.get_all<AttemptRecord>();
  auto events = reader.get_all<EventRecord>();
  auto lags = reader.get_all<Nanoseconds>();
  if (!reader.at_end()) throw std::runtime_error("a message from another rank is too long");
  read.run.outcome = {.records = read.records,
                      .attempts = read.attempts,
                      .events = std::move(events),
                      .began = totals.began,
                      .makespan = totals.makespan,
                      .tasks_peak = totals.tasks_peak,
                      .ring = totals.ring,
                      .lags = std::move(lags),
                      .clock = totals.clock};
  return read;
}

Run merge(std::vector<RunOfRank>& runs, const std::vector<CallId>& firsts,
          const std::vector<ClockOffset>& clocks, Recorder::Clock::time_point agreed, RunOfRank& storage) {
  Run whole;
  Outcome& outcome = whole.outcome;
  Ledger& ledger = whole.ledger;
  outcome.began = agreed.time_since_epoch();
  storage = {};
  std::uint64_t in_flight_least = 0, in_flight_most = 0, queue_least = 0, queue_most = 0;
  Nanoseconds first_start = Nanoseconds::max(), last_start = Nanoseconds::min();
  for (std::size_t rank = 0; rank < runs.size(); ++rank) {
    RunOfRank& part = runs[rank];
    const Run& run = part.run;
    const CallId first = firsts[rank];
    const Nanoseconds late = late_start(run, clocks[rank], agreed);
    first_start = std::min(first_start, late);
    last_start = std::max(last_start, late);
    for (CallRecord& record : part.records) {
      move(record.intended, late);
      move(record.started, late);
      move(record.finished, late);
    }
    for (AttemptRecord& made : part.attempts) {
      move(made.started, late);
      move(made.finished, late);
    }
    storage.records.insert(storage.records.end(), part.records.begin(), part.records.end());
    storage.attempts.insert(storage.attempts.end(), part.attempts.begin(), part.attempts.end());
    for (EventRecord event : run.outcome.events) {
      event.at += late;
      if (event.id != Recorder::none) event.id += first;
      outcome.events.push_back(event);
    }
    outcome.lags.insert(outcome.lags.end(), run.outcome.lags.begin(), run.outcome.lags.end());
    outcome.makespan = std::max(outcome.makespan, run.outcome.makespan + late);
    outcome.tasks_peak += run.outcome.tasks_peak;
    outcome.ring.entries += run.outcome.ring.entries;
    outcome.ring.enters += run.outcome.ring.enters;
    outcome.clock.shared &= run.outcome.clock.shared;
    outcome.clock.uncertainty =
        std::max(outcome.clock.uncertainty, run.outcome.clock.uncertainty + clocks[rank].uncertainty);

    for (LedgerCall call : run.ledger.calls) {
      const Nanoseconds offset = clocks[rank].offset;
      call.id += first;
      call.arrived -= offset;
      call.due -= offset;
      call.ended -= offset;
      ledger.calls.push_back(call);
    }
    ledger.arrivals += run.ledger.arrivals;
    ledger.completed += run.ledger.completed;
    ledger.broken += run.ledger.broken;
    ledger.abandoned += run.ledger.abandoned;
    ledger.open += run.ledger.open;
    ledger.duplicates += run.ledger.duplicates;
    ledger.connections_new += run.ledger.connections_new;
    ledger.arrival_error = std::max(ledger.arrival_error, run.ledger.arrival_error);
    in_flight_least = std::max(in_flight_least, run.ledger.in_flight_peak);
    in_flight_most += run.ledger.in_flight_peak;
    queue_least = std::max(queue_least, run.ledger.queue_peak.value_or(0));
    queue_most += run.ledger.queue_peak.value_or(0);

    whole.number = run.number;
    whole.parts.ideal = std::max(whole.parts.ideal, run.parts.ideal);
    whole.parts.served_ideal = std::max(whole.parts.served_ideal, run.parts.served_ideal);
    whole.completed_by_ideal += run.completed_by_ideal;
    whole.together.ranks.push_back({.makespan = run.outcome.makespan,
                                    .cpu = run.costs.cpu,
                                    .calls = static_cast<std::uint32_t>(part.records.size())});
    whole.together.clock_uncertainty = std::max(whole.together.clock_uncertainty, clocks[rank].uncertainty);
    if (rank == 0) {
      whole.kernel_steps_per_ms = run.kernel_steps_per_ms;
      whole.costs = run.costs;
      whole.peak = run.peak;
      whole.syscalls = run.syscalls;
      whole.instructions = run.instructions;
      ledger.queue_peak = run.ledger.queue_peak;
      ledger.events_sent = run.ledger.events_sent;
      continue;
    }
    add(whole.costs, run.costs);
    add(whole.peak, run.peak);
    add(whole.syscalls, run.syscalls);
    add(whole.instructions, run.instructions);
    add(ledger.events_sent, run.ledger.events_sent);
    if (!run.ledger.queue_peak) ledger.queue_peak.reset();
  }
  std::ranges::stable_sort(ledger.calls, {}, &LedgerCall::arrived);
  ledger.in_flight_peak = most_at_once(ledger.calls, in_flight_least, in_flight_most, &LedgerCall::arrived,
                                       std::mem_fn(&LedgerCall::ended));
  if (ledger.queue_peak) {
    ledger.queue_peak = most_at_once(ledger.calls, queue_least, queue_most, &LedgerCall::arrived,
                                     [](const LedgerCall& call) { return call.arrived + call.waited; });
  }
  whole.parts.makespan = outcome.makespan;
  whole.together.start_spread = last_start - first_start;
  outcome.records = storage.records;
  outcome.attempts = storage.attempts;
  return whole;
}

}  // namespace fanbench::ranks
