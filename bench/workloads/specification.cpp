// What every workload promises, checked for each run before a number of it is used.
#include "bench/workloads/specification.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "bench/workloads/checks.hpp"
#include "bench/workloads/workloads.hpp"

namespace fanbench {
namespace {

/// Time in which any model on any machine should have begun so many calls, if their connections are open.
Nanoseconds ample_time_to_begin(std::uint64_t calls) {
  return std::chrono::milliseconds(100) + calls * std::chrono::milliseconds(1);
}

/// A call without a verdict comes first: what became of it explains much of what is wrong otherwise.
Mistake check_verdicts(const Outcome& outcome) {
  const auto lost = std::ranges::find(outcome.records, Verdict::none, &CallRecord::verdict);
  if (lost == outcome.records.end()) return std::nullopt;
  return fmt::format("call {} was lost: it has no verdict", lost - outcome.records.begin());
}

Mistake check_ledger(const Case& c, const Ledger& ledger) {
  if (ledger.duplicates > 0) return fmt::format("{} calls reached the server twice", ledger.duplicates);
  if (ledger.open > 0)
    return fmt::format("{} calls are still open after the end of the fan-out", ledger.open);
  for (const LedgerCall& call : ledger.calls) {
    if (call.id >= c.scenario.calls)
      return fmt::format("call {} was made, but there are only {}, from 0 on", call.id, c.scenario.calls);
  }
  return std::nullopt;
}

Mistake check_records(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  std::vector<Nanoseconds> earliest_reply(c.scenario.calls);  // of each call's last attempt
  for (const LedgerCall& call : ledger.calls) {
    const CallRecord& record = outcome.records[call.id];
    if (call.attempt >= record.attempts) {
      return fmt::format("the server saw attempt {} of call {}, which is recorded with {}", call.attempt,
                         call.id, record.attempts);
    }
    if (call.arrived < outcome.began + record.started) {
      return fmt::format("call {} reached the server before it is recorded as started", call.id);
    }
    earliest_reply[call.id] = call.due;
  }
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const CallRecord& record = outcome.records[id];
    const bool begun = record.attempts > 0;
    if (!begun && record.verdict != Verdict::cancelled)
      return fmt::format("call {} ended in {}, but was never begun", id, to_string(record.verdict));
    if (begun && record.started < record.intended)
      return fmt::format("call {} is recorded as started before it could", id);
    if (begun && record.finished < record.started)
      return fmt::format("call {} is recorded as finished before it started", id);
    if (record.finished > outcome.makespan)
      return fmt::format("call {} is recorded as finished after the fan-out", id);
    const bool replied = record.verdict == Verdict::ok || record.verdict == Verdict::http_error;
    if (replied && outcome.began + record.finished < earliest_reply[id]) {
      return fmt::format("call {} is recorded as finished before its reply was due", id);
    }
  }
  return std::nullopt;
}

/// More calls in the ledger than attempts in the records.
Mistake check_count(const Outcome& outcome, const Ledger& ledger) {
  std::uint64_t attempts = 0;
  for (const CallRecord& record : outcome.records) attempts += record.attempts;
  const std::uint64_t seen = std::max<std::uint64_t>(ledger.arrivals, ledger.calls.size());
  if (seen <= attempts) return std::nullopt;
  return fmt::format("the server saw {} calls, but only {} are recorded as made: impossible", seen, attempts);
}

/// Little's law: calls in flight on average = calls per second × seconds in flight, never above the peak.
Mistake check_littles_law(const Ledger& ledger) {
  if (ledger.calls.empty()) return std::nullopt;
  Nanoseconds busy{}, first = Nanoseconds::max(), last = Nanoseconds::min();
  for (const LedgerCall& call : ledger.calls) {
    busy += call.ended - call.arrived;
    first = std::min(first, call.arrived);
    last = std::max(last, call.ended);
  }
  const double mean =
      last > first ? static_cast<double>(busy.count()) / static_cast<double>((last - first).count()) : 0;
  if (mean <= static_cast<double>(ledger.in_flight_peak) * 1.001) return std::nullopt;
  return fmt::format("{:.1f} calls in flight on average, but {} at the peak: the ledger is wrong", mean,
                     ledger.in_flight_peak);
}

bool was_given_up(const CallRecord& record) {
  return record.attempts > 0 &&
         (record.verdict == Verdict::cancelled || record.verdict == Verdict::timed_out);
}
std::uint64_t given_up(const Outcome& outcome) {
  return static_cast<std::uint64_t>(std::ranges::count_if(outcome.records, was_given_up));
}

/// The most calls open at once. One that was given up ends with its record: the server sees its connection
/// close a little later, when those that took its place may have arrived.
std::uint64_t most_open(const Outcome& outcome, const Ledger& ledger) {
  if (given_up(outcome) == 0) return ledger.in_flight_peak;
  std::vector<std::pair<Nanoseconds, int>> changes;  // at one time, ends come first
  for (const LedgerCall& call : ledger.calls) {
    const CallRecord& record = outcome.records[call.id];
    const Nanoseconds end =
        was_given_up(record) ? std::min(call.ended, outcome.began + record.finished) : call.ended;
    if (end <= call.arrived) continue;
    changes.emplace_back(call.arrived, 1);
    changes.emplace_back(end, -1);
  }
  std::ranges::sort(changes);
  std::int64_t open = 0, most = 0;
  for (const auto& [at, change] : changes) most = std::max(most, open += change);
  return static_cast<std::uint64_t>(most);
}

Mistake check_in_flight(const Specification& specification, const Case& c, std::uint32_t model_in_flight,
                        const Outcome& outcome, const Ledger& ledger) {
  const std::uint64_t most = std::min(specification.in_flight(c), model_in_flight);
  if (const std::uint64_t open = most_open(outcome, ledger); open > most) {
    return fmt::format("{} calls were in flight at once, expected at most {}", open, most);
  }
  // The peak must also be reached, unless the client may just have been too slow to begin so many before the
  // first of them ends.
  Nanoseconds first_end =
      c.scenario.deadline > Nanoseconds::zero() ? c.scenario.deadline : Nanoseconds::max();
  for (CallId id = 0; id < c.scenario.calls; ++id) first_end = std::min(first_end, delay(c, id));
  if (!c.cold && first_end >= ample_time_to_begin(most) && ledger.in_flight_peak < most) {
    return fmt::format("{} calls were in flight at most, expected {}", ledger.in_flight_peak, most);
  }
  return std::nullopt;
}

Mistake check_connections(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  if (c.connection == Connection::per_call) {
    if (ledger.connections_new == ledger.arrivals) return std::nullopt;
    return fmt::format("{} connections were opened for {} calls, expected one each", ledger.connections_new,
                       ledger.arrivals);
  }
  if (c.cold) {
    if (ledger.connections_new >= ledger.in_flight_peak) return std::nullopt;
    return fmt::format("{} connections were opened, expected at least {} of a cold start",
                       ledger.connections_new, ledger.in_flight_peak);
  }
  // Connections that were reset or given up have to be opened again.
  const std::uint64_t allowed = ledger.broken + given_up(outcome);
  if (ledger.connections_new <= allowed) return std::nullopt;
  return fmt::format("{} connections were opened, expected at most {} of a warm start",
                     ledger.connections_new, allowed);
}

}  // namespace

std::span<const Specification> specifications() {
  static const std::array all = {gather_specification,      all_settled_specification,
                                 task_group_specification,  first_completed_specification,
                                 timeout_specification,     semaphore_specification,
                                 worker_pool_specification, producer_consumer_specification,
                                 pipeline_specification,    retry_specification,
                                 paginate_specification,    mixed_specification,
                                 cpu_specification};
  return all;
}

const Specification& specification_of(std::string_view workload) {
  const auto all = specifications();
  const auto found = std::ranges::find(all, workload, &Specification::workload);
  if (found == all.end()) throw std::logic_error(fmt::format("workload {} has no specification", workload));
  return *found;
}

Mistake verify(const Specification& specification, const Case& c, std::uint32_t model_in_flight,
               const Outcome& outcome, const Ledger& ledger) {
  if (auto mistake = check_verdicts(outcome)) return mistake;
  if (auto mistake = check_ledger(c, ledger)) return mistake;
  if (auto mistake = check_records(c, outcome, ledger)) return mistake;
  if (auto mistake = specification.check(c, outcome, ledger)) return mistake;
  if (auto mistake = check_count(outcome, ledger)) return mistake;
  if (auto mistake = check_in_flight(specification, c, model_in_flight, outcome, ledger)) return mistake;
  if (auto mistake = check_connections(c, outcome, ledger)) return mistake;
  if (auto mistake = check_littles_law(ledger)) return mistake;
  if (outcome.makespan < specification.least(c)) {
    return fmt::format("the fan-out took {}, less than the {} that the plan allows: impossible",
                       format_duration(outcome.makespan), format_duration(specification.least(c)));
  }
  return std::nullopt;
}

}  // namespace fanbench
