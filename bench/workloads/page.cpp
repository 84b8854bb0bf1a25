// page: pages that ask a number of services each, all at once; each goes out when all have replied, or at its
// deadline with what is there, and slow calls may be hedged. Ideal: the slowest page, as a perfect hedger has
// it.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "bench/specification/deadlines.hpp"
#include "bench/specification/hedging.hpp"

namespace fanbench::workloads {
namespace {

bool has_deadline(const Case& c) { return c.scenario.deadline > Nanoseconds::zero(); }
bool hedges(const Case& c) { return c.scenario.hedge_after > Nanoseconds::zero(); }

void settle(Case& c) {
  settle_hedging(c);
  if (!hedges(c)) c.scenario.copies = 0;
}

/// All tokens, as what is slow differs from run to run.
std::uint32_t in_flight(const Case& c) { return c.scenario.calls + c.scenario.copies; }

Nanoseconds ideal(const Case& c, const Delays& delay) {
  const Nanoseconds whole = ideal_hedged(c, delay);
  return has_deadline(c) ? std::min(whole, c.scenario.deadline) : whole;
}

Mistake refuse(const Case& c) {
  if (c.scenario.calls % c.scenario.services != 0) {
    return fmt::format("{} calls are not pages of {}: choose a multiple", c.scenario.calls,
                       c.scenario.services);
  }
  if (hedges(c) || c.hedge_budget == 1) return std::nullopt;
  return fmt::format("copies for {} of the calls, but no hedge_after: choose one, or leave hedge_budget out",
                     c.hedge_budget);
}

/// A machine that has something else to do may keep a model from seeing that the time is over.
Nanoseconds over(const Case& c) { return c.scenario.deadline + least_distance(c) + held_up; }

/// Not before the deadline.
Mistake check_timed_out(const Case& c, CallId id, const CallRecord& record) {
  if (record.finished + lateness_allowed >= c.scenario.deadline) return std::nullopt;
  return fmt::format("call {} was given up {} before its page's deadline", id,
                     format_duration(c.scenario.deadline - record.finished));
}

/// When the reply that the call took was due, or would have been at best.
Nanoseconds due(const Case& c, CallId id, const std::vector<AttemptRecord>& attempts) {
  Nanoseconds first = Nanoseconds::max();
  for (Attempt attempt = 0; attempt < attempts.size(); ++attempt) {
    if (attempts[attempt].verdict != Verdict::cancelled)
      first = std::min(first, attempts[attempt].started + delay(c, id, attempt));
  }
  return first;
}

/// None was waited for until long after the deadline, and of those that were due soon after it most were not
/// either; none was made a second time then.
Mistake check_waits(const Case& c, const Outcome& outcome) {
  std::uint32_t late = 0, waited_for = 0;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const auto attempts = outcome.attempts_of(id);
    if (attempts.size() > 1 && attempts[1].started > over(c)) {
      return fmt::format("call {} was hedged {} after its page's deadline", id,
                         format_duration(attempts[1].started - c.scenario.deadline));
    }
    const CallRecord& record = outcome.records[id];
    const bool timed_out = record.verdict == Verdict::timed_out;
    if (timed_out) {
      if (auto mistake = check_timed_out(c, id, record)) return mistake;
    }
    const Nanoseconds was_due = due(c, id, attempts);
    if (!timed_out && was_due > over(c)) {
      return fmt::format(
          "call {} ended in {}, expected timed_out: its reply was due {} after its page's deadline", id,
          to_string(record.verdict), format_duration(was_due - c.scenario.deadline));
    }
    late += was_due > c.scenario.deadline + lateness_allowed;
    waited_for += was_due > c.scenario.deadline + lateness_allowed && !timed_out;
  }
  if (2 * waited_for <= late) return std::nullopt;
  return fmt::format("{} of {} calls that were due after their page's deadline were waited for", waited_for,
                     late);
}

/// Who timed out had no reply: one that the server had sent long before was there.
Mistake check_unanswered(const Case& c, const Outcome& outcome, const LedgerCall& call) {
  if (outcome.records[call.id].verdict != Verdict::timed_out || call.ending != Ending::completed ||
      !outcome.surely_before(call.ended + least_distance(c), c.scenario.deadline))
    return std::nullopt;
  return fmt::format("{} timed out, but the server had replied {} before its page's deadline",
                     attempt_name(call.id, call.attempt),
                     format_duration(outcome.at(c.scenario.deadline) - call.ended));
}

/// Without a common clock: no call is open for longer than its page may take.
Mistake check_closed(const Case& c, const Outcome& outcome, const LedgerCall& call) {
  const Nanoseconds deadline = outcome.clock.shared
                                   ? outcome.at(c.scenario.deadline) + outcome.clock.uncertainty
                                   : call.arrived + c.scenario.deadline;
  const Nanoseconds open_until = std::min(call.due, call.ended);
  if (open_until <= deadline + cancelled_within(c)) return std::nullopt;
  return fmt::format("{} was not given up: it was open until {} after its page's deadline",
                     attempt_name(call.id, call.attempt), format_duration(open_until - deadline));
}

/// On a busy machine some may not have reached the server: that is a result.
Mistake check_sent(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  if (c.scenario.deadline < time_to_begin(c.scenario.calls, begins_one_in(c))) return std::nullopt;
  const auto late = std::ranges::count(outcome.records, Verdict::timed_out, &CallRecord::verdict);
  const auto sent = std::ranges::count_if(ledger.calls, [&](const LedgerCall& call) {
    return call.attempt == 0 && outcome.records[call.id].verdict == Verdict::timed_out;
  });
  if (2 * sent >= late) return std::nullopt;
  return fmt::format("{} of {} calls that timed out reached the server, expected at least half", sent, late);
}

Mistake check_deadline(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  if (auto mistake = check_waits(c, outcome)) return mistake;
  for (const LedgerCall& call : ledger.calls) {
    if (auto mistake = check_unanswered(c, outcome, call)) return mistake;
    if (auto mistake = check_closed(c, outcome, call)) return mistake;
  }
  return check_sent(c, outcome, ledger);
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  if (auto mistake = check_hedging(c, outcome, ledger, at_once >= in_flight(c))) return mistake;
  return has_deadline(c) ? check_deadline(c, outcome, ledger) : std::nullopt;
}

std::optional<Nanoseconds> decided(const Case& c, const Outcome& outcome) {
  const auto late = std::ranges::count(outcome.records, Verdict::timed_out, &CallRecord::verdict);
  return late > 0 ? std::optional(c.scenario.deadline) : std::nullopt;
}

std::vector<Moment> moments(const Case& c, const Outcome&) {
  std::vector<Moment> all = moments_of_hedging(c);
  if (has_deadline(c)) all.push_back({"deadline", c.scenario.deadline});
  return all;
}

std::vector<Key> keys() {
  std::vector<Key> keys = {
      number_key({.name = "services",
                  .meaning = "that each page asks, all at once; there are `calls / services` pages",
                  .example = "services = [1, 10, 100]",
                  .needed = "how many services a page asks",
                  .phrase = "{} services a page",
                  .phrases = {{"1", "one service a page"}}},
                 &Scenario::services, 1, million),
      optional_duration_key({.name = "deadline",
                             .meaning = "of each page, which then goes out with what is there",
                             .example = "deadline = \"100ms\"",
                             .phrase = "deadline {}",
                             .elsewhere = {"timeout"}},
                            &Scenario::deadline),
      optional_duration_key({.name = "slow_after",
                             .meaning = "a page that takes longer is counted among the `slow_pages`",
                             .example = "slow_after = \"100ms\"",
                             .phrase = "slow after {}"},
                            &Case::slow_after)};
  for (Key& key :
       hedging_keys(optional_duration_key({.example = "hedge_after = \"50ms\""}, &Scenario::hedge_after))) {
    key.show = [show = key.show](const Case& c) { return hedges(c) ? show(c) : nlohmann::ordered_json(); };
    key.in_name = [name = key.in_name](const Case& c) { return hedges(c) ? name(c) : std::string(); };
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace

Specification page() {
  return {
      .workload = "page",
      .in_short = "pages that ask many services each, hedged, in time",
      .sentence =
          "Pages are asked for all at once, and each asks its services at once; it is ready when all have "
          "replied, or at its deadline, with what is there. A call that has no reply after a while may get a "
          "second copy, as far as the budget goes (the tail at scale). Ideal: the slowest page, where the "
          "calls that would take longest are hedged, at most the deadline.",
      .keys = keys(),
      .example = R"(
calls = 8
latency = "bimodal:fast=20ms,slow=600ms,slow_share=0.4"
services = 2
slow_after = "150ms"
deadline = "300ms"
hedge_after = "120ms"
hedge_budget = 0.25
)",
      .settle = settle,
      .simulate = ideal,
      .in_flight = in_flight,
      .refuse = refuse,
      .check = check,
      .tasks = in_flight,
      .gives_up = true,
      .hedges = true,
      .decided = decided,
      .moments = moments,
      .draws_anew = true,
      .has_pages = true,
      .dealing = {.together = [](const Case& c) { return c.scenario.services; }},
  };
}

}  // namespace fanbench::workloads
