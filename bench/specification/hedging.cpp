#include "bench/specification/hedging.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "bench/specification/deadlines.hpp"

namespace fanbench {
namespace {

/// How late a reply may be, and how much later than another it may be taken, in a burst of so many.
Nanoseconds lateness_of_many(const Case& c) { return least_distance(c) - least_lead + lateness_allowed; }

/// Its reply comes so long after the copy's time, and its deadline too; a machine that has something else to
/// do may keep a model from making a copy in time.
bool is_slow_by(const Case& c, CallId id, Nanoseconds margin) {
  const Nanoseconds sure = c.scenario.hedge_after + margin;
  const bool in_time = c.scenario.deadline == Nanoseconds::zero() || sure + held_up <= c.scenario.deadline;
  return delay(c, id) >= sure && in_time;
}
/// Whatever is late, the call has no reply when its copy is due.
bool is_surely_slow(const Case& c, CallId id) { return is_slow_by(c, id, least_distance(c)); }

/// Neither early nor of a call that has its reply; one whose reply is late by so much is slow after all. A
/// late copy is a result.
Mistake check_copy(const Case& c, CallId id, const std::vector<AttemptRecord>& attempts) {
  const Nanoseconds after = attempts[1].started - attempts[0].started;
  if (after + lateness_allowed < c.scenario.hedge_after)
    return fmt::format("the copy of call {} was made {} after the first, expected {}", id,
                       format_duration(after), format_duration(c.scenario.hedge_after));
  const bool replied =
      !was_given_up(attempts[0]) && attempts[0].finished + lateness_of_many(c) < attempts[1].started;
  if (!replied) return std::nullopt;
  return fmt::format("call {} was hedged, but had had its reply for {}", id,
                     format_duration(attempts[1].started - attempts[0].finished));
}

/// One of the attempts has the reply that the plan gives it, and the call took it; the others have theirs or
/// were given up. Of a call that timed out all were.
Mistake check_replies(const Case& c, CallId id, const Outcome& outcome,
                      const std::vector<AttemptRecord>& attempts) {
  const CallRecord& record = outcome.records[id];
  const bool timed_out = record.verdict == Verdict::timed_out && c.scenario.deadline > Nanoseconds::zero();
  bool taken = false;
  for (Attempt attempt = 0; attempt < attempts.size(); ++attempt) {
    const AttemptRecord& made = attempts[attempt];
    if (was_given_up(made)) continue;
    if (timed_out) return fmt::format("call {} timed out, but {} has a reply", id, attempt_name(id, attempt));
    if (auto mistake = check_attempt_reply(c, id, attempt, made)) return mistake;
    taken |= made.answer == record.answer && made.finished == record.finished;
  }
  if (taken || timed_out) return std::nullopt;
  return fmt::format("call {} ended with none of its attempts' replies", id);
}

/// Calls that were late may be hedged as slow ones are, and take a token; who cannot have all copies in
/// flight may make fewer.
Mistake check_calls(const Case& c, const Outcome& outcome, bool all_at_once) {
  std::uint32_t slow = 0, hedged = 0, others = 0;
  std::uint32_t likely = 0, missed = 0;  // where so many calls may be late, some may be missed: not most
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    slow += is_surely_slow(c, id);
    const auto attempts = outcome.attempts_of(id);
    if (attempts.empty() || outcome.records[id].attempts > 2) {
      return fmt::format("call {} was attempted {} times, expected once or twice", id,
                         outcome.records[id].attempts);
    }
    if (auto mistake = check_replies(c, id, outcome, attempts)) return mistake;
    likely += is_slow_by(c, id, lateness_allowed);
    missed += is_slow_by(c, id, lateness_allowed) && attempts.size() < 2;
    if (attempts.size() < 2) continue;
    ++(is_surely_slow(c, id) ? hedged : others);
    if (auto mistake = check_copy(c, id, attempts)) return mistake;
  }
  const std::uint32_t budget = c.scenario.copies;
  if (others > budget)
    return fmt::format("{} calls were hedged, and the budget is {} copies", hedged + others, budget);
  const std::uint32_t expected = std::min(slow, budget - others);
  const bool some_left = hedged + others < budget;
  if (hedged == expected && some_left && all_at_once && 2 * missed > likely) {
    return fmt::format(
        "{} of {} slow calls were not hedged, and of {} copies in the budget only {} were made", missed,
        likely, budget, hedged + others);
  }
  if (hedged == expected || (!all_at_once && hedged < expected)) return std::nullopt;
  return fmt::format("{} slow calls were hedged, expected {}: {} are slow, and the budget is {} copies",
                     hedged, expected, slow, budget);
}

/// Of a call with two copies the one that was taken was not answered long after the other, and the other was
/// given up unless it was due soon.
Mistake check_races(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  std::vector<std::pair<const LedgerCall*, const LedgerCall*>> pairs(c.scenario.calls);
  for (const LedgerCall& call : ledger.calls)
    (call.attempt == 0 ? pairs[call.id].first : pairs[call.id].second) = &call;
  for (const auto& [first, copy] : pairs) {
    if (!first || !copy || outcome.records[first->id].verdict == Verdict::timed_out) continue;
    const bool first_taken = outcome.attempt_of(*first).finished == outcome.records[first->id].finished;
    const auto& [taken, other] = first_taken ? std::pair(*first, *copy) : std::pair(*copy, *first);
    if (other.ending == Ending::completed && other.ended + lateness_of_many(c) < taken.ended) {
      return fmt::format("{} was taken, but attempt {} was answered {} earlier",
                         attempt_name(taken.id, taken.attempt), other.attempt,
                         format_duration(taken.ended - other.ended));
    }
    if (other.ending != Ending::abandoned && other.due > taken.ended + cancelled_within(c)) {
      return fmt::format("{} was not given up: the server still completed it {} after the reply",
                         attempt_name(other.id, other.attempt), format_duration(other.ended - taken.ended));
    }
  }
  return std::nullopt;
}

}  // namespace

void settle_hedging(Case& c) {
  c.scenario.attempts = 2;
  c.scenario.copies = static_cast<std::uint32_t>(c.hedge_budget * c.scenario.calls + 1e-9);
}

Nanoseconds ideal_hedged(const Case& c, const Delays& delay) {
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

Mistake check_hedging(const Case& c, const Outcome& outcome, const Ledger& ledger, bool all_at_once) {
  if (auto mistake = check_calls(c, outcome, all_at_once)) return mistake;
  const std::uint64_t made = c.scenario.calls + c.scenario.copies;
  if (ledger.arrivals > made)
    return fmt::format("the server saw {} attempts, expected at most {}", ledger.arrivals, made);
  return check_races(c, outcome, ledger);
}

std::vector<Key> hedging_keys(Key hedge_after) {
  hedge_after.name = "hedge_after";
  hedge_after.meaning = "after which a call without a reply gets a second copy";
  hedge_after.phrase = "hedged after {}";
  return {std::move(hedge_after),
          share_key({.name = "hedge_budget",
                     .meaning = "second copies for each call at most, all together: a bucket in which "
                                "each call puts so much of a token, and from which a copy takes one. "
                                "Of a run's tokens only whole ones count: 0.05 of fewer than 20 calls "
                                "is none",
                     .example = "hedge_budget = [0.02, 0.05]",
                     .otherwise = "1",
                     .phrase = "copies for {} of the calls at most",
                     .phrases = {{"0", "no copies"}, {"1", ""}}},
                    &Case::hedge_budget)};
}

std::vector<Moment> moments_of_hedging(const Case& c) {
  if (c.scenario.copies == 0) return {};
  return {{"second copies", c.scenario.hedge_after}};
}

}  // namespace fanbench
