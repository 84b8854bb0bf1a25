// Slow calls get a second copy, as far as a budget goes, and the first reply is taken: what hedged and page
// share.
#pragma once

#include "bench/specification/checks.hpp"
#include "bench/specification/keys.hpp"

namespace fanbench {

/// Two attempts for each call, and as many second copies as the bucket has tokens for: each call puts a share
/// of one in, and all begin before the first copy is due.
void settle_hedging(Case&);
/// The longest call, where those that would take longest are hedged: which they are is the model's choice,
/// and none ends before this one. Whoever leaves one of them out waits for it as long as for all that he
/// hedges instead.
Nanoseconds ideal_hedged(const Case&, const Delays&);
/// Whether the first reply comes after the copy's time.
inline bool is_slow(const Case& c, CallId id) { return delay(c, id) > c.scenario.hedge_after; }

/// No more copies than tokens, and while there is one, one of each slow call; none early, nor of a call that
/// had its reply; the reply that is due first was taken, and the other copy given up. Where it cannot be told
/// whether a call is slow, it may be hedged or not. With a deadline calls may have timed out instead.
Mistake check_hedging(const Case&, const Outcome&, const Ledger&, bool all_at_once);

/// hedge_after and hedge_budget.
std::vector<Key> hedging_keys(Key hedge_after);
/// When copies are due, of calls that all begin at once; nothing where there are none.
std::vector<Moment> moments_of_hedging(const Case&);

}  // namespace fanbench
