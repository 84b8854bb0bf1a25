// drain: calls keep coming until the process is told to end; then none is begun any more, those in flight
// have a while to end, and the rest is cancelled. Ideal: the signal's time, and until the last call in flight
// has ended, the grace at most.
#include <fmt/format.h>

#include <vector>

#include "bench/specification/checks.hpp"

namespace fanbench::workloads {
namespace {

Nanoseconds comes(const Case& c, CallId id) { return id * c.scenario.interval; }
Nanoseconds told(const Case& c) { return c.scenario.deadline; }
Nanoseconds over(const Case& c) { return told(c) + c.scenario.grace; }

/// Calls that come before the signal: from 0 to before this one.
CallId first_refused(const Case& c) {
  CallId id = 0;
  while (id < c.scenario.calls && comes(c, id) < told(c)) ++id;
  return id;
}

/// Without calls nobody waits for the signal.
Nanoseconds ideal(const Case& c, const Delays& delay) {
  if (c.scenario.calls == 0) return {};
  Nanoseconds end = told(c);
  for (CallId id = 0; id < first_refused(c); ++id) end = std::max(end, comes(c, id) + delay(id));
  return std::min(end, over(c));
}
Nanoseconds least(const Case& c) { return c.scenario.calls == 0 ? Nanoseconds{} : told(c); }

/// As many as would be open if each were begun when it comes, and the signal taken as late as is allowed.
std::uint32_t in_flight(const Case& c) {
  std::vector<std::pair<Nanoseconds, int>> changes;
  for (CallId id = 0; id < c.scenario.calls && comes(c, id) < told(c) + lateness_allowed; ++id) {
    changes.emplace_back(comes(c, id), 1);
    changes.emplace_back(std::min(comes(c, id) + delay(c, id), over(c)), -1);
  }
  std::ranges::sort(changes);
  int open = 0, most = 0;
  for (const auto& [at, change] : changes) most = std::max(most, open += change);
  return static_cast<std::uint32_t>(most);
}

Mistake refuse(const Case& c) {
  if (c.scenario.calls == 0) return std::nullopt;
  Nanoseconds last{};
  bool some_end = false;
  for (CallId id = 0; id < first_refused(c); ++id) {
    const Nanoseconds end = comes(c, id) + delay(c, id);
    last = std::max(last, end);
    some_end |= end > told(c) && end + least_lead < over(c);
  }
  if (!some_end)
    return "no call in flight at the signal ends within the grace: choose a longer one or shorter delays";
  if (comes(c, c.scenario.calls - 1) < told(c) + least_lead) {
    return fmt::format(
        "the last call comes after {}, expected {} after the signal at least, as else none is refused: "
        "choose more calls or an earlier signal",
        format_duration(comes(c, c.scenario.calls - 1)), format_duration(least_lead));
  }
  return refuse_unseen_cancellation(c, over(c), last);
}

Mistake check_begun_call(const Case& c, CallId id, const CallRecord& record) {
  if (record.started > told(c) + lateness_allowed)
    return fmt::format("call {} was begun {} after the signal", id,
                       format_duration(record.started - told(c)));
  if (record.verdict != Verdict::cancelled) return check_made_once(c, id, record);
  if (record.finished + lateness_allowed < over(c))
    return fmt::format("call {} was given up {} before the end of the grace", id,
                       format_duration(over(c) - record.finished));
  return std::nullopt;
}

/// At least half of those that come so early that any model has begun them by the signal.
Mistake check_accepted(const Case& c, const Outcome& outcome, std::uint32_t at_once) {
  std::uint32_t due = 0, begun = 0;
  for (CallId id = 0; id < first_refused(c); ++id) {
    if (comes(c, id) + time_to_begin(1, begins_one_in(c)) > told(c)) break;
    ++due;
    begun += outcome.records[id].attempts > 0;
  }
  if (2 * begun >= std::min(due, at_once)) return std::nullopt;
  return fmt::format("{} calls were begun before the signal, expected at least half of {}", begun, due);
}

Mistake check_ledger(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  for (const LedgerCall& call : ledger.calls) {
    if (outcome.surely_after(call.arrived, told(c) + lateness_allowed))
      return fmt::format("call {} reached the server {} after the signal", call.id,
                         format_duration(call.arrived - outcome.at(told(c))));
    const bool cancelled = outcome.records[call.id].verdict == Verdict::cancelled;
    if (cancelled && outcome.surely_before(call.due, over(c) - lateness_allowed))
      return fmt::format("call {} was given up, but its reply was due {} before the end of the grace",
                         call.id, format_duration(outcome.at(over(c)) - call.due));
    if (outcome.surely_after(call.ended, over(c) + cancelled_within(c)))
      return fmt::format("call {} was not given up: it was open until {} after the end of the grace", call.id,
                         format_duration(call.ended - outcome.at(over(c))));
  }
  return std::nullopt;
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const CallRecord& record = outcome.records[id];
    if (record.attempts == 0) continue;  // refused, and cancelled as every call is that was never begun
    if (auto mistake = check_begun_call(c, id, record)) return mistake;
  }
  if (auto mistake = check_accepted(c, outcome, at_once)) return mistake;
  return check_ledger(c, outcome, ledger);
}

/// The end of the grace, where anything was given up.
std::optional<Nanoseconds> decided(const Case& c, const Outcome& outcome) {
  return outcome.given_up() > 0 ? std::optional(over(c)) : std::nullopt;
}

std::vector<Moment> moments(const Case& c, const Outcome&) {
  return {{"SIGTERM", told(c)}, {"end of the grace", over(c)}};
}

}  // namespace

Specification drain() {
  return {
      .workload = "drain",
      .in_short = "at a signal what is in flight may end, within a grace",
      .sentence =
          "Calls keep coming until the process is told to end by a signal; then none is begun any more, "
          "those in flight may end within a grace, and the rest is cancelled (graceful shutdown). Ideal: the "
          "signal's time, and until the last call in flight has ended, but at most the grace.",
      .keys = {duration_key({.name = "interval",
                             .meaning = "between one call's coming and the next one's",
                             .example = "interval = \"5ms\"",
                             .needed = "a duration",
                             .phrase = "a call each {}"},
                            &Scenario::interval),
               duration_key({.name = "signal_after",
                             .meaning = "when SIGTERM comes, from the run's start",
                             .example = "signal_after = \"200ms\"",
                             .needed = "a duration",
                             .phrase = "signal after {}"},
                            &Scenario::deadline),
               duration_key({.name = "grace",
                             .meaning = "for what is in flight at the signal",
                             .example = "grace = \"100ms\"",
                             .needed = "a duration",
                             .phrase = "grace {}"},
                            &Scenario::grace)},
      .example = R"(
calls = 12
latency = "uniform:min=10ms,max=600ms"
interval = "20ms"
signal_after = "150ms"
grace = "100ms"
)",
      .simulate = ideal,
      .bound = least,
      .in_flight = in_flight,
      .refuse = refuse,
      .check = check,
      .gives_up = true,
      .terminates = true,
      .decided = decided,
      .moments = moments,
      .refuses_slots = "what is left at the signal would depend on who waits for whom",
      .dealing = {.refused = "one signal to one process ends it"},
  };
}

}  // namespace fanbench::workloads
