// Calls that are given up when their time is over, each at a deadline of its own or all at the same: what
// timeout and shield share.
#pragma once

#include "bench/specification/specification.hpp"

namespace fanbench {

/// The planned delay of a call's first attempt.
Nanoseconds time_to_reply(const Case&, CallId);

/// How a workload gives calls up at Scenario::deadline.
struct GivingUp {
  bool (*late)(const Case&, CallId);                        // whether the plan has it given up
  Nanoseconds (*deadline)(const Case&, const CallRecord&);  // when, since the run began
  Verdict verdict;                                          // of those
  std::string_view past_tense;                              // "timed out"
  Nanoseconds (*takes)(const Case&, CallId) = time_to_reply;
};

/// How far from a time that decides replies must be, for it to be known on which side of it they come: that
/// far the many calls of a model may be late.
Nanoseconds least_distance(const Case&);

std::uint32_t late_calls(const Case&, const GivingUp&);
/// Why the plan would leave it open whether the call is late: its reply is due too close to that time, which
/// `what` names.
Mistake refuse_near(const Case&, CallId id, Nanoseconds time, std::string_view what = "the deadline");

/// The late calls, and no others, were given up, not early and not long after their deadlines; at least half
/// of them had reached the server, if any model begins its calls by then; all others ended as planned.
Mistake check_given_up(const Case&, const GivingUp&, const Outcome&, const Ledger&, std::uint32_t at_once);

/// When the last call was to be given up: see Specification::decided.
std::optional<Nanoseconds> last_deadline(const Case&, const GivingUp&, const Outcome&);

}  // namespace fanbench
