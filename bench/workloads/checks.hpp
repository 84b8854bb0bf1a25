// Checks that several specifications share. Each returns the first mistake it finds.
#pragma once

#include <algorithm>

#include "bench/specification.hpp"

namespace fanbench {

/// The reply that the plan has for a call's last attempt, as a record should show it.
Mistake check_reply(const Case&, CallId id, const CallRecord& record);
/// Every call was made once, succeeded, and its reply is the planned one.
Mistake check_all_ok_once(const Case&, const Outcome&, const Ledger&);

std::string_view to_string(Verdict verdict) noexcept;

/// The delay of a call's attempt.
inline Nanoseconds delay(const Case& c, CallId id, Attempt attempt = 0) {
  return planned_reply(c.plan, id, attempt).delay;
}

/// The longest delay of the case's calls, on their first attempts.
inline Nanoseconds longest_delay(const Case& c) {
  Nanoseconds longest{};
  for (CallId id = 0; id < c.scenario.calls; ++id) longest = std::max(longest, delay(c, id));
  return longest;
}

inline std::uint32_t all_calls(const Case& c) { return c.scenario.calls; }
inline Mistake refuse_nothing(const Case&) { return std::nullopt; }

}  // namespace fanbench
