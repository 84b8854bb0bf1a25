// hedged: a call that has no reply after a while gets a second copy, as far as the budget goes; the first
// reply to come is taken, and the other copy is given up. Ideal: the longest call, where those that would
// take longest are hedged.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "bench/specification/checks.hpp"
#include "bench/specification/deadlines.hpp"
#include "bench/specification/keys.hpp"

namespace fanbench::workloads {
namespace {

bool is_slow(const Case& c, CallId id) { return delay(c, id) > c.scenario.hedge_after; }

std::uint32_t slow_calls(const Case& c) {
  std::uint32_t slow = 0;
  for (CallId id = 0; id < c.scenario.calls; ++id) slow += is_slow(c, id);
  return slow;
}

std::uint32_t copies(const Case& c) { return std::min(slow_calls(c), c.scenario.copies); }
std::uint32_t in_flight(const Case& c) { return c.scenario.calls + copies(c); }

/// A second copy may be made of each call, as far as the bucket's tokens go: each call puts a share of one
/// in, and all begin before the first copy is due.
void settle(Case& c) {
  c.scenario.attempts = 2;
  c.scenario.copies = static_cast<std::uint32_t>(c.hedge_budget * c.scenario.calls + 1e-9);
}

/// Which calls are hedged, where not all slow ones may be, is the model's choice: no choice ends before that
/// of the slowest. Whoever leaves one of these out waits for it as long as for all that he hedges instead.
Nanoseconds ideal(const Case& c, const Delays& delay) {
  std::vector<CallId> slow;
  Nanoseconds end{};
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (is_slow(c, id))
      slow.push_back(id);
    else
      end = std::max(end, delay(id));
  }
  std::ranges::sort(slow, std::greater(), [&](CallId id) { return delay(id); });
  for (std::size_t i = 0; i < slow.size(); ++i) {
    const Nanoseconds alone = delay(slow[i]);
    const Nanoseconds copied = c.scenario.hedge_after + delay(slow[i], 1);
    end = std::max(end, i < c.scenario.copies ? std::min(alone, copied) : alone);
  }
  return end;
}

Mistake refuse(const Case& c) {
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (auto mistake = refuse_near(c, id, c.scenario.hedge_after, "the time of its copy")) return mistake;
  }
  return std::nullopt;
}

/// Neither early nor of a call that has its reply; one whose reply is late by so much is slow after all. A
/// late copy is a result.
Mistake check_copy(const Case& c, CallId id, const std::vector<AttemptRecord>& attempts) {
  const Nanoseconds after = attempts[1].started - attempts[0].started;
  if (after + lateness_allowed < c.scenario.hedge_after)
    return fmt::format("the copy of call {} was made {} after the first, expected {}", id,
                       format_duration(after), format_duration(c.scenario.hedge_after));
  const bool replied = attempts[0].verdict != Verdict::cancelled &&
                       attempts[0].finished + lateness_allowed < attempts[1].started;
  if (!replied) return std::nullopt;
  return fmt::format("call {} was hedged, but had had its reply for {}", id,
                     format_duration(attempts[1].started - attempts[0].finished));
}

/// One of the attempts has the reply that the plan gives it, and the call took it; the others have theirs or
/// were given up.
Mistake check_replies(const Case& c, CallId id, const Outcome& outcome,
                      const std::vector<AttemptRecord>& attempts) {
  const CallRecord& record = outcome.records[id];
  bool taken = false;
  for (Attempt attempt = 0; attempt < attempts.size(); ++attempt) {
    const AttemptRecord& made = attempts[attempt];
    if (made.verdict == Verdict::cancelled) continue;
    if (auto mistake = check_attempt_reply(c, id, attempt, made)) return mistake;
    taken |= made.answer == record.answer && made.finished == record.finished;
  }
  if (taken) return std::nullopt;
  return fmt::format("call {} ended with none of its attempts' replies", id);
}

/// Calls that were late may be hedged as slow ones are, and take a token; who cannot have all copies in
/// flight may make fewer.
Mistake check_calls(const Case& c, const Outcome& outcome, std::uint32_t at_once) {
  std::uint32_t slow = 0, late = 0;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const auto attempts = outcome.attempts_of(id);
    if (attempts.empty() || outcome.records[id].attempts > 2) {
      return fmt::format("call {} was attempted {} times, expected once or twice", id,
                         outcome.records[id].attempts);
    }
    if (auto mistake = check_replies(c, id, outcome, attempts)) return mistake;
    if (attempts.size() < 2) continue;
    ++(is_slow(c, id) ? slow : late);
    if (auto mistake = check_copy(c, id, attempts)) return mistake;
  }
  const std::uint32_t expected =
      std::min(slow_calls(c), c.scenario.copies - std::min(late, c.scenario.copies));
  const bool some_may_lack = at_once < in_flight(c);
  if (slow == expected || (some_may_lack && slow < expected)) return std::nullopt;
  return fmt::format("{} slow calls were hedged, expected {}: {} are slow, and the budget is {} copies", slow,
                     expected, slow_calls(c), c.scenario.copies);
}

/// Of a call with two copies the one that was taken was not due long after the other, and the other was given
/// up unless it was due soon.
Mistake check_races(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  std::vector<std::pair<const LedgerCall*, const LedgerCall*>> pairs(c.scenario.calls);
  for (const LedgerCall& call : ledger.calls)
    (call.attempt == 0 ? pairs[call.id].first : pairs[call.id].second) = &call;
  for (const auto& [first, copy] : pairs) {
    if (!first || !copy) continue;
    const bool first_taken = outcome.attempt_of(*first).finished == outcome.records[first->id].finished;
    const auto& [taken, other] = first_taken ? std::pair(*first, *copy) : std::pair(*copy, *first);
    if (other.due + lateness_allowed < taken.due) {
      return fmt::format("{} was taken, but attempt {} was due {} earlier",
                         attempt_name(taken.id, taken.attempt), other.attempt,
                         format_duration(taken.due - other.due));
    }
    if (other.ending != Ending::abandoned && other.due > taken.ended + cancelled_within(c)) {
      return fmt::format("{} was not given up: the server still completed it {} after the reply",
                         attempt_name(other.id, other.attempt), format_duration(other.ended - taken.ended));
    }
  }
  return std::nullopt;
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  if (auto mistake = check_calls(c, outcome, at_once)) return mistake;
  const std::uint64_t made = c.scenario.calls + c.scenario.copies;
  if (ledger.arrivals > made)
    return fmt::format("the server saw {} attempts, expected at most {}", ledger.arrivals, made);
  return check_races(c, outcome, ledger);
}

/// All calls begin at once, so that all copies are due at once.
std::vector<Moment> moments(const Case& c, const Outcome&) {
  return {{"second copies", c.scenario.hedge_after}};
}

}  // namespace

Specification hedged() {
  return {
      .workload = "hedged",
      .in_short = "slow calls get a second copy, and the first reply is taken",
      .sentence =
          "All calls are started at once; one that has no reply after a while gets a second copy, as far as "
          "the budget goes, and the first reply is taken (backup requests, hedging). Ideal: the longest "
          "call, where those that would take longest are hedged.",
      .keys = {duration_key({.name = "hedge_after",
                             .meaning = "after which a call without a reply gets a second copy",
                             .example = "hedge_after = \"50ms\"",
                             .needed = "a duration",
                             .phrase = "hedged after {}"},
                            &Scenario::hedge_after),
               share_key({.name = "hedge_budget",
                          .meaning = "second copies for each call at most, all together: a bucket in which "
                                     "each call puts so much of a token, and from which a copy takes one",
                          .example = "hedge_budget = [0.02, 0.05]",
                          .otherwise = "1",
                          .phrase = "copies for {} of the calls at most",
                          .phrases = {{"0", "no copies"}, {"1", ""}}},
                         &Case::hedge_budget)},
      .example = R"(
calls = 8
latency = "bimodal:fast=20ms,slow=600ms,slow_share=0.4"
hedge_after = "120ms"
)",
      .settle = settle,
      .simulate = ideal,
      .in_flight = in_flight,
      .refuse = refuse,
      .check = check,
      .tasks = in_flight,
      .hedges = true,
      .moments = moments,
      .refuses_slots = "which calls are slow would depend on who waits for whom",
  };
}

}  // namespace fanbench::workloads
