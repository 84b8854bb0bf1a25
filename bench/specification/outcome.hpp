// What one run produced, and how its times compare with those of the ledger.
#pragma once

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "bench/targets/clock.hpp"
#include "bench/targets/ledger.hpp"
#include "impls/contract/records.hpp"

namespace fanbench {

/// An attempt that was not waited for to its end: it takes its connection with it.
inline bool was_given_up(const AttemptRecord& made) {
  return made.verdict == Verdict::cancelled || made.verdict == Verdict::timed_out;
}

struct Outcome {
  std::span<const CallRecord> records{};      // by call id
  std::span<const AttemptRecord> attempts{};  // as many for each call as it may have; empty where that is one
  std::vector<EventRecord> events{};          // in the order in which they were recorded
  CallId chosen = Recorder::none;
  Nanoseconds began{};              // of the client's clock
  Nanoseconds makespan{};           // from the first call's intended start to the end of the fan-out
  std::string note{};               // why the model itself says that the run failed; empty: it does not
  std::uint32_t tasks_peak = 0;     // most units of concurrency that existed at once; see LiveTask
  RingUse ring{};
  std::vector<Nanoseconds> lags{};  // of the heartbeat's ticks
  SharedClock clock{};              // how the ledger's times belong to ours

  /// The attempts made at a call, in order: those of which there are records.
  std::vector<AttemptRecord> attempts_of(CallId id) const {
    const CallRecord& call = records[id];
    if (call.attempts == 0) return {};
    if (attempts.empty()) return {{call.started, call.finished, call.answer, call.status, call.verdict}};
    const std::size_t per_call = attempts.size() / records.size();
    const auto made = attempts.subspan(id * per_call, std::min<std::size_t>(call.attempts, per_call));
    return {made.begin(), made.end()};
  }

  /// The record of the attempt that the server saw, which there must be.
  AttemptRecord attempt_of(const LedgerCall& call) const {
    const auto made = attempts_of(call.id);
    return made[std::min<std::size_t>(call.attempt, made.size() - 1)];
  }
  /// The events of each call, by its id, in the order in which they were recorded.
  std::vector<std::vector<EventRecord>> events_by_call() const {
    std::vector<std::vector<EventRecord>> all(records.size());
    for (const EventRecord& event : events) {
      if (event.id < all.size()) all[event.id].push_back(event);
    }
    return all;
  }
  /// Those of the fan-out as a whole.
  std::vector<EventRecord> events_of_none() const {
    std::vector<EventRecord> all;
    std::ranges::copy_if(events, std::back_inserter(all),
                         [](const EventRecord& event) { return event.id == Recorder::none; });
    return all;
  }
  /// How many calls ended well.
  std::uint64_t completed() const {
    return static_cast<std::uint64_t>(std::ranges::count(records, Verdict::ok, &CallRecord::verdict));
  }
  /// How many were given up, of all calls.
  std::uint64_t given_up() const {
    std::uint64_t number = 0;
    for (CallId id = 0; id < records.size(); ++id)
      number += static_cast<std::uint64_t>(std::ranges::count_if(attempts_of(id), was_given_up));
    return number;
  }

  /// A moment of the run on the ledger's clock; a guess where that is not shared.
  Nanoseconds at(Nanoseconds since_began) const { return began + since_began + clock.offset; }
  /// Whether what the ledger dates so was before that moment of the run, or after it, whatever the clocks'
  /// uncertainty. Without a common clock nobody can tell.
  bool surely_before(Nanoseconds of_ledger, Nanoseconds since_began) const {
    return clock.shared && of_ledger + clock.uncertainty < at(since_began);
  }
  bool surely_after(Nanoseconds of_ledger, Nanoseconds since_began) const {
    return clock.shared && of_ledger - clock.uncertainty > at(since_began);
  }
};

}  // namespace fanbench
