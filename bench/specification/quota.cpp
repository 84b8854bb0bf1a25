#include "bench/specification/quota.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "bench/specification/schedules.hpp"

namespace fanbench {
namespace {

constexpr std::uint32_t most_attempts = 255;  // that a call's record counts to
constexpr std::uint32_t to_spare = 20;
constexpr std::uint32_t most_workers = (most_attempts - to_spare - 1) / 2;

Nanoseconds interval(const Case& c) {
  return Nanoseconds(std::chrono::seconds(1)) / std::max(1U, c.plan.capacity.per_second);
}

/// Call n of those that pass, from 0 on, comes so long after the first at least.
Nanoseconds passes_after(const Case& c, std::uint32_t n) {
  const std::uint32_t burst = c.plan.capacity.burst;
  return n < burst ? Nanoseconds{} : (n + 1 - burst) * interval(c);
}

/// All attempts but the last were refused, and each came when the wait after the one before was over.
Mistake check_attempts(const Case& c, CallId id, const std::vector<AttemptRecord>& attempts) {
  for (Attempt attempt = 0; attempt + 1 < attempts.size(); ++attempt) {
    const AttemptRecord& made = attempts[attempt];
    if (made.verdict != Verdict::http_error || made.status != 429)
      return fmt::format("{} was made again after status {}, expected 429", attempt_name(id, attempt),
                         made.status);
    if (made.retry_after <= Nanoseconds{})
      return fmt::format("{} was refused, but its Retry-After is not recorded", attempt_name(id, attempt));
    const Nanoseconds wait = backoff(c.scenario, id, attempt, made.retry_after);
    if (const Nanoseconds waited = attempts[attempt + 1].started - made.finished; waited < wait) {
      return fmt::format("{} is recorded {} after the end of the one before, expected a wait of at least {}",
                         attempt_name(id, attempt + 1), format_duration(waited), format_duration(wait));
    }
  }
  return std::nullopt;
}

/// The server let one attempt of each call pass, its last, and refused those before. No client makes it let
/// more pass than its bucket holds.
Mistake check_passed(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  std::vector<Nanoseconds> passed;
  for (const LedgerCall& call : ledger.calls) {
    const bool last = call.attempt + 1U == outcome.records[call.id].attempts;
    if (last != (call.ending != Ending::refused)) {
      return fmt::format("{} {}, but the call was attempted {} times", attempt_name(call.id, call.attempt),
                         last ? "was refused" : "passed", outcome.records[call.id].attempts);
    }
    if (last) passed.push_back(call.arrived);
  }
  std::ranges::sort(passed);
  for (std::uint32_t n = 0; n < passed.size(); ++n) {
    const Nanoseconds after = passed[n] - passed.front();
    if (after + lateness_allowed < passes_after(c, n)) {
      return fmt::format("{} calls passed within {}, expected {} at least: the bucket leaks", n + 1,
                         format_duration(after), format_duration(passes_after(c, n)));
    }
  }
  return std::nullopt;
}

/// No more calls were begun and not ended than there are workers, whether under way or waiting.
Mistake check_workers(const Case& c, const Outcome& outcome) {
  std::vector<std::pair<Nanoseconds, int>> changes;
  for (const CallRecord& record : outcome.records) {
    changes.emplace_back(record.started, 1);
    changes.emplace_back(record.finished, -1);
  }
  const std::uint64_t most = most_at_once(std::move(changes));
  if (most <= c.scenario.limit) return std::nullopt;
  return fmt::format("{} calls were begun and not ended at once, expected at most {}", most,
                     c.scenario.limit);
}

Key backoff_key() {
  Key key = duration_key({.name = "backoff",
                          .meaning = "b of the waits b·2^k, where `on_429` is `backoff`",
                          .example = "backoff = \"10ms\"",
                          .phrase = "backoff from {}"},
                         &Scenario::backoff);
  key.show = [show = key.show](const Case& c) {
    return c.scenario.backoff == Nanoseconds{} ? nlohmann::ordered_json() : show(c);
  };
  return shown_in_name(std::move(key));
}

}  // namespace

/// A call is refused for every other that may pass before it: once for each worker, give or take what clocks
/// differ by. Waits that double end sooner.
void settle_quota(Case& c) {
  constexpr std::uint32_t most_waits = 20;
  const bool heeds = c.scenario.heeds_retry_after;
  c.scenario.attempts =
      heeds ? std::min(2 * std::max(1U, limited_calls(c)) + to_spare, most_attempts) : most_waits;
  if (heeds) c.scenario.backoff = {};
  c.plan.same_delay = true;  // which attempt passes is not planned
}

Nanoseconds ideal_within_quota(const Case& c, const Delays& delay) {
  LeastFirst<Nanoseconds> free_at;
  Slots slots(c);
  const Nanoseconds early = (c.plan.capacity.burst - 1) * interval(c);
  Nanoseconds last{}, next{};  // when the next is due by the rate; a burst may come early
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    Nanoseconds start = std::max(Nanoseconds{}, next - early);
    if (free_at.size() == c.scenario.limit) {
      start = std::max(start, free_at.top());
      free_at.pop();
    }
    next = std::max(next, start) + interval(c);
    const Nanoseconds end = slots.serve(start, delay(id));
    free_at.push(end);
    last = std::max(last, end);
  }
  return last;
}

Nanoseconds least_within_quota(const Case& c) {
  if (c.scenario.calls == 0) return {};
  const Delays delay(c);
  Nanoseconds shortest = delay(0);  // of the last to pass
  for (CallId id = 1; id < c.scenario.calls; ++id) shortest = std::min(shortest, delay(id));
  return std::max(least_within_limit(c), passes_after(c, c.scenario.calls - 1) + shortest);
}

Mistake refuse_quota(const Case& c) {
  if (!c.scenario.heeds_retry_after && c.scenario.backoff == Nanoseconds{})
    return "on_429 = \"backoff\" without a backoff: choose one";
  if (c.scenario.heeds_retry_after && limited_calls(c) > most_workers) {
    return fmt::format(
        "limit is {}: so many workers may be refused more often than the {} attempts that are counted; "
        "choose at most {}",
        c.scenario.limit, most_attempts, most_workers);
  }
  return std::nullopt;
}

Mistake check_quota(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  std::uint64_t made = 0;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const CallRecord& record = outcome.records[id];
    made += record.attempts;
    if (auto mistake = check_reply(c, id, record)) return mistake;
    if (auto mistake = check_attempts(c, id, outcome.attempts_of(id))) return mistake;
  }
  if (ledger.arrivals != made)
    return fmt::format("the server saw {} attempts, but {} are recorded", ledger.arrivals, made);
  if (auto mistake = check_workers(c, outcome)) return mistake;
  return check_passed(c, outcome, ledger);
}

std::vector<Key> quota_keys() {
  return {capacity_key({.name = "per_second",
                        .meaning = "calls that the service lets pass in a second",
                        .example = "per_second = 100",
                        .needed = "the service's quota",
                        .phrase = "{} calls a second"},
                       &Capacity::per_second),
          capacity_key({.name = "burst",
                        .meaning = "calls that may pass at once after a pause",
                        .example = "burst = 10",
                        .otherwise = "1",
                        .phrase = "bursts of {}",
                        .phrases = {{"1", ""}}},
                       &Capacity::burst),
          limit_key("workers: each has one call, under way or waiting until it may be made again"),
          word_key({.name = "on_429",
                    .meaning = "how long a refused call waits: as long as the server says "
                               "(`Retry-After-Ms`), or a backoff that does not read it",
                    .example = "on_429 = [\"retry_after\", \"backoff\"]",
                    .otherwise = "\"retry_after\"",
                    .phrase = "on 429 {}",
                    .phrases = {{"retry_after", ""}, {"backoff", "Retry-After not read"}}},
                   {"backoff", "retry_after"}, &Scenario::heeds_retry_after),
          backoff_key()};
}

}  // namespace fanbench
