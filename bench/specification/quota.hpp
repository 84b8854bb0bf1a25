// A service that lets so many calls a second pass and refuses the others, and workers who make them again.
#pragma once

#include "bench/specification/checks.hpp"
#include "bench/specification/keys.hpp"

namespace fanbench {

/// How often a call may have to be made. Each of its attempts has the same delay, whichever passes.
void settle_quota(Case&);
/// List scheduling, with the bucket before it: the Generic Cell Rate Algorithm (ITU-T I.371) for a client
/// that knows when it would pass.
Nanoseconds ideal_within_quota(const Case&, const Delays&);
/// What no order of the calls can beat.
Nanoseconds least_within_quota(const Case&);
Mistake refuse_quota(const Case&);
/// Each call passed once, as its last attempt; none was made again too early; no more at once than there are
/// workers, and no more passed than the bucket held.
Mistake check_quota(const Case&, const Outcome&, const Ledger&);
/// per_second, burst, limit, on_429 and backoff.
std::vector<Key> quota_keys();

}  // namespace fanbench
