// Checks that several specifications share. Each returns the first mistake it finds.
#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include "bench/specification/specification.hpp"

namespace fanbench {

/// The reply that the plan has for this attempt, after the scenario's work on it, as its record should show
/// it.
Mistake check_attempt_reply(const Case&, CallId id, Attempt attempt, const AttemptRecord& record);
/// The same of the call's last attempt.
Mistake check_reply(const Case&, CallId id, const CallRecord& record);
/// The call was made once, and ended as planned.
Mistake check_made_once(const Case&, CallId id, const CallRecord& record);
/// The same of every call, and the server saw no more.
Mistake check_each_once(const Case&, const Outcome&, const Ledger&, std::uint32_t at_once = {});

/// Whether the plan has the call fail on its first attempt.
bool fails(const Case&, CallId id, Attempt attempt = 0);

// Replies that are due closer than this could be taken in either order,
inline constexpr Nanoseconds least_lead = std::chrono::milliseconds(20);
// because by so much they may be late: the server's lateness and the client's scheduling.
inline constexpr Nanoseconds lateness_allowed = std::chrono::milliseconds(15);

/// In which any model begins a call on a machine that has nothing else to do: 0.5 ms, four times what the
/// slowest took of 1,000 (threads over curl 0.12 ms, coroutines 0.02). In a program of any language 2 ms
/// (threads of Python 0.5). Cold, where the run makes connections and workers too, 5 ms (processes 1.1 ms,
/// others 0.15).
inline constexpr Nanoseconds begins_in = std::chrono::microseconds(500);
constexpr Nanoseconds begins_warm_in(const Case& c) {
  return c.transport == own_client ? std::chrono::milliseconds(2) : begins_in;
}
constexpr Nanoseconds begins_one_in(const Case& c) {
  return c.cold ? std::chrono::milliseconds(5) : begins_warm_in(c);
}
/// So many calls.
constexpr Nanoseconds time_to_begin(std::uint64_t calls, Nanoseconds each = begins_in) {
  return least_lead + calls * each;
}
// A machine that has something else to do may keep a model from running for so long.
inline constexpr Nanoseconds held_up = std::chrono::milliseconds(80);
/// The calls that any model has begun by then, on any machine, if it may have them all open at once; those of
/// `mixed` may be begun one after another with the work on them.
std::uint64_t least_begun(const Case&, Nanoseconds since_began);
/// At least half of `at_once` calls had reached the server when this reply was due, if by then they could. On
/// a busy machine some may be late: that is a result.
Mistake check_begun(const Case&, const LedgerCall& decisive, const Ledger&, std::uint32_t at_once);

/// A call that was due this long after it should have been given up must have been. Generous: a slow
/// cancellation is a result, a missing one an error.
Nanoseconds cancelled_within(const Case&);
/// Why the plan would leave it open whether calls are given up: no reply is due so long after the decision.
Mistake refuse_unseen_cancellation(const Case&, Nanoseconds decided);
/// The same where not all calls may be given up: of those that may, the last is due then.
Mistake refuse_unseen_cancellation(const Case&, Nanoseconds decided, Nanoseconds last);
/// No call but the decisive one, whose reply made the others needless, was completed much later.
Mistake check_rest_cancelled(const Case&, const LedgerCall& decisive, const Ledger&);
/// The end of the chosen call, where there is one: see Specification::decided.
std::optional<Nanoseconds> end_of_chosen(const Case&, const Outcome&);

/// Why it cannot be told whether `number` of these ("event"), one each `interval`, are taken as they come:
/// they all come in no longer than a model may be held up. Of one there is nothing to tell.
Mistake refuse_all_in_one_go(std::string_view what, std::uint32_t number, Nanoseconds interval);

/// Chains of `length` calls that need each the one before: all must be whole, and nothing may fail in them.
Mistake refuse_broken_chains(const Case&, std::uint32_t length);

/// The most that there were at once: changes by ±1, each with its time; at the same time ends come first.
std::uint64_t most_at_once(std::vector<std::pair<Nanoseconds, int>> changes);

std::string_view to_string(Verdict verdict) noexcept;
/// "call 3", or "attempt 1 of call 3".
std::string attempt_name(CallId id, Attempt attempt);

/// The delay of a call's attempt.
inline Nanoseconds delay(const Case& c, CallId id, Attempt attempt = 0) {
  return planned_reply(c.plan, id, attempt).delay;
}

/// The longest of the case's calls, on their first attempts.
inline Nanoseconds longest_delay(const Case& c, const Delays& delay) {
  Nanoseconds longest{};
  for (CallId id = 0; id < c.scenario.calls; ++id) longest = std::max(longest, delay(id));
  return longest;
}
inline Nanoseconds longest_delay(const Case& c) { return longest_delay(c, Delays(c)); }

inline std::uint32_t all_calls(const Case& c) { return c.scenario.calls; }
inline Mistake refuse_nothing(const Case&) { return std::nullopt; }

}  // namespace fanbench
