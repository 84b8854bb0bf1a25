// What every workload promises, checked for each run before a number of it is used.
#include "bench/specification/specification.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bench/specification/checks.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench {
namespace {

/// A call without a verdict comes first: what became of it explains much of what is wrong otherwise.
Mistake check_verdicts(const Outcome& outcome) {
  const auto lost = std::ranges::find(outcome.records, Verdict::none, &CallRecord::verdict);
  if (lost == outcome.records.end()) return std::nullopt;
  return fmt::format("call {} was lost: it has no verdict", lost - outcome.records.begin());
}

Mistake check_ledger(const Case& c, const Ledger& ledger) {
  if (c.plan.capacity.slots > 0 && !ledger.queue_peak)
    return "the server does not tell how long calls waited for its slots: is it older than this bench?";
  if (ledger.clock_stepped) return "the server's wall clock was set meanwhile, and calls cannot be dated";
  if (ledger.duplicates > 0) return fmt::format("{} calls reached the server twice", ledger.duplicates);
  if (ledger.open > 0)
    return fmt::format("{} calls are still open after the end of the fan-out", ledger.open);
  for (const LedgerCall& call : ledger.calls) {
    if (call.id >= c.scenario.calls)
      return fmt::format("call {} was made, but there are only {}, from 0 on", call.id, c.scenario.calls);
  }
  return std::nullopt;
}

/// What the client recorded of an attempt, held against what the server saw of it.
Mistake check_attempt(const Outcome& outcome, const LedgerCall& call) {
  const CallRecord& record = outcome.records[call.id];
  if (call.attempt >= record.attempts) {
    return fmt::format("the server saw attempt {} of call {}, which is recorded with {}", call.attempt,
                       call.id, record.attempts);
  }
  const auto attempts = outcome.attempts_of(call.id);
  if (call.attempt >= attempts.size()) return std::nullopt;
  const AttemptRecord& made = attempts[call.attempt];
  const std::string what = attempt_name(call.id, call.attempt);
  if (outcome.surely_before(call.arrived, made.started))
    return fmt::format("{} reached the server before it is recorded as started", what);
  if (made.verdict != Verdict::ok && made.verdict != Verdict::http_error) return std::nullopt;
  if (outcome.surely_after(call.due, made.finished))
    return fmt::format("{} is recorded as finished before its reply was due", what);
  const Nanoseconds took = made.finished - made.started;  // whatever the clocks say of each other
  if (took >= call.due - call.arrived) return std::nullopt;
  return fmt::format("{} is recorded as answered within {}, but the server took {}", what,
                     format_duration(took), format_duration(call.due - call.arrived));
}

Mistake check_records(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  for (const LedgerCall& call : ledger.calls) {
    if (auto mistake = check_attempt(outcome, call)) return mistake;
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
    const auto attempts = outcome.attempts_of(id);
    for (Attempt attempt = 0; attempt < attempts.size(); ++attempt) {
      const AttemptRecord& made = attempts[attempt];
      if (made.started < record.started || made.finished < made.started || made.finished > outcome.makespan)
        return fmt::format("{} is recorded outside of its call or its run", attempt_name(id, attempt));
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

/// Little's law: calls in flight on average = calls per second × seconds in flight, never above the peak. An
/// answered call counts until its reply is due: when the server has seen that it is written, the next one may
/// have arrived.
Mistake check_littles_law(const Ledger& ledger) {
  if (ledger.calls.empty()) return std::nullopt;
  Nanoseconds busy{}, first = Nanoseconds::max(), last = Nanoseconds::min();
  for (const LedgerCall& call : ledger.calls) {
    busy += std::min(call.due, call.ended) - call.arrived;
    first = std::min(first, call.arrived);
    last = std::max(last, call.ended);
  }
  const double mean =
      last > first ? static_cast<double>(busy.count()) / static_cast<double>((last - first).count()) : 0;
  if (mean <= static_cast<double>(ledger.in_flight_peak) * 1.001) return std::nullopt;
  return fmt::format("{:.1f} calls in flight on average, but {} at the peak: the ledger is wrong", mean,
                     ledger.in_flight_peak);
}

/// The most calls open at once. One that was given up ends with its record: the server sees its connection
/// close a little later, when those that took its place may have arrived; for the same reason all others end
/// when they are due. Without a common clock nobody can tell of the former, and they are not counted.
std::uint64_t most_open(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  const bool may_refuse =
      c.plan.capacity.per_second > 0;  // at once, and the next call is there before that is noted
  if (outcome.given_up() == 0 && !may_refuse) return ledger.in_flight_peak;
  std::vector<std::pair<Nanoseconds, int>> changes;
  for (const LedgerCall& call : ledger.calls) {
    const AttemptRecord made = outcome.attempt_of(call);
    if (was_given_up(made) && !outcome.clock.shared) continue;
    const Nanoseconds given_up = outcome.at(made.finished) - outcome.clock.uncertainty;
    const Nanoseconds end =
        was_given_up(made) ? std::min(call.ended, given_up) : std::min(call.ended, call.due);
    if (end <= call.arrived) continue;
    changes.emplace_back(call.arrived, 1);
    changes.emplace_back(end, -1);
  }
  return most_at_once(std::move(changes));
}

/// When the call ends at best: with its reply or its copy's, or when it is given up.
Nanoseconds least_end(const Case& c, CallId id) {
  Nanoseconds end = delay(c, id);
  if (c.scenario.deadline > Nanoseconds::zero()) end = std::min(end, c.scenario.deadline);
  if (c.scenario.copies > 0) end = std::min(end, c.scenario.hedge_after + delay(c, id, 1));
  return end;
}

/// What the peak must reach: by any time any model has begun so many of the `at_once` calls, and no more have
/// ended than by plan could. A model that may have fewer open would begin the next when one ends. Where one
/// end may be that of all only the time until the first counts: after it the others need not be begun.
std::uint64_t least_peak(const Specification& specification, const Case& c, std::uint32_t at_once) {
  if (specification.terminates) return 0;  // its calls come one by one: its own check sees to them
  std::vector<Nanoseconds> ends;
  for (CallId id = 0; id < c.scenario.calls; ++id) ends.push_back(least_end(c, id));
  std::ranges::sort(ends);
  if (c.plan.capacity.per_second > 0)
    at_once = std::min(at_once, c.plan.capacity.burst);  // others may be refused
  at_once = std::min(at_once, c.scenario.calls);         // copies come when others have ended
  std::uint64_t least = 0;
  for (std::uint64_t ended = 0; ended < ends.size(); ++ended) {
    const auto begun = std::min<std::uint64_t>(at_once, least_begun(c, ends[ended]));
    least = std::max(least, begun - std::min(begun, ended));
    if (specification.ends_with_one) break;
  }
  return least;
}

Mistake check_in_flight(const Specification& specification, const Case& c, std::uint32_t at_once,
                        const Outcome& outcome, const Ledger& ledger) {
  if (const std::uint64_t open = most_open(c, outcome, ledger); open > at_once) {
    return fmt::format("{} calls were in flight at once, expected at most {}", open, at_once);
  }
  const std::uint64_t least = least_peak(specification, c, at_once);
  if (ledger.in_flight_peak >= least) return std::nullopt;
  return fmt::format("{} calls were in flight at most, expected at least {}", ledger.in_flight_peak, least);
}

Mistake check_connections(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  if (c.connection == Connection::per_call) {
    if (ledger.connections_new == ledger.arrivals) return std::nullopt;
    return fmt::format("{} connections were opened for {} calls, expected one each", ledger.connections_new,
                       ledger.arrivals);
  }
  if (c.cold) {
    const std::uint64_t needed = std::min(ledger.in_flight_peak, most_open(c, outcome, ledger));
    if (ledger.connections_new >= needed) return std::nullopt;
    return fmt::format("{} connections were opened, expected at least {} of a cold start",
                       ledger.connections_new, needed);
  }
  // Connections that were reset or given up have to be opened again.
  const std::uint64_t allowed = ledger.broken + outcome.given_up();
  if (ledger.connections_new <= allowed) return std::nullopt;
  return fmt::format("{} connections were opened, expected at most {} of a warm start",
                     ledger.connections_new, allowed);
}

/// Tick n is due n + 1 beats after the beginning: none may be early, and none that was due before the last
/// call ended may be missing, but for the one that was just about to be made.
Mistake check_heartbeat(const Outcome& outcome) {
  if (std::ranges::any_of(outcome.lags, [](Nanoseconds lag) { return lag < Nanoseconds::zero(); }))
    return "a tick of the heartbeat was made before it was due";
  Nanoseconds end{};
  for (const CallRecord& record : outcome.records) end = std::max(end, record.finished);
  const auto due = static_cast<std::uint64_t>(end / Recorder::heartbeat);
  if (outcome.lags.size() + 1 < due) {
    return fmt::format("{} ticks were skipped: the heartbeat made {}, and {} were due",
                       due - outcome.lags.size(), outcome.lags.size(), due);
  }
  const auto most = static_cast<std::uint64_t>(outcome.makespan / Recorder::heartbeat);
  if (outcome.lags.size() <= most) return std::nullopt;
  return fmt::format("the heartbeat made {} ticks, expected at most {}", outcome.lags.size(), most);
}

}  // namespace

/// With slots, each is busy with one call after another, and together with all.
Nanoseconds Specification::least(const Case& c) const {
  const std::uint32_t slots = c.plan.capacity.slots;
  if (slots == 0) return bound ? bound(c) : ideal(c);
  Case unbounded = c;
  unbounded.plan.capacity.slots = 0;
  return std::max(least(unbounded), sum_of_delays(c) / slots);
}

Case case_of_run(const Case& c, std::uint32_t k) {
  Case drawn = c;
  if (!specification_of(c.workload).draws_anew) return drawn;
  drawn.plan.seed += k;
  drawn.scenario.seed += k;
  return drawn;
}

Nanoseconds expected_run(const Specification& specification, const Case& c, std::uint32_t at_once) {
  const std::uint32_t in_flight = specification.in_flight(c);
  const Nanoseconds run =
      std::max(specification.ideal(c), (specification.works_once ? 1 : c.scenario.calls) * c.work);
  if (in_flight == 0) return run;
  const Nanoseconds sum = specification.one_by_one ? specification.one_by_one(c) : sum_of_delays(c);
  return std::max(run, sum / std::min(in_flight, at_once));
}

Nanoseconds expected_duration(const Specification& specification, const Case& c) {
  const std::uint32_t at_once =
      model_of(c.model).most_in_flight({.transport = c.transport, .workers = c.workers});
  return expected_run(specification, c, at_once) * (c.iterations + 1);
}

Mistake verify(const Specification& specification, const Case& c, std::uint32_t model_in_flight,
               const Outcome& outcome, const Ledger& ledger) {
  const std::uint32_t at_once = std::min(specification.in_flight(c), model_in_flight);
  if (auto mistake = check_verdicts(outcome)) return mistake;
  if (auto mistake = check_ledger(c, ledger)) return mistake;
  if (auto mistake = check_records(c, outcome, ledger)) return mistake;
  if (auto mistake = specification.check(c, outcome, ledger, at_once)) return mistake;
  if (c.scenario.watchdog) {
    if (auto mistake = check_heartbeat(outcome)) return mistake;
  }
  if (auto mistake = check_count(outcome, ledger)) return mistake;
  if (auto mistake = check_in_flight(specification, c, at_once, outcome, ledger)) return mistake;
  if (auto mistake = check_connections(c, outcome, ledger)) return mistake;
  if (auto mistake = check_littles_law(ledger)) return mistake;
  if (outcome.makespan < specification.least(c)) {
    return fmt::format("the fan-out took {}, less than the {} that the plan allows: impossible",
                       format_duration(outcome.makespan), format_duration(specification.least(c)));
  }
  if (const Nanoseconds served = specification.served_ideal(c, ledger); served < specification.least(c)) {
    return fmt::format(
        "by the ledger's times the fan-out could take {}, less than the {} that the plan allows: impossible",
        format_duration(served), format_duration(specification.least(c)));
  }
  return std::nullopt;
}

}  // namespace fanbench
