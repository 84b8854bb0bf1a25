// What the ledger shows of permits, of which a workload has fewer than calls.
#pragma once

#include <span>

#include "bench/specification/specification.hpp"

namespace fanbench {

/// Of all pairs of calls that had to wait for a permit at most two thirds may have got it against the order
/// of their ids, and by more than they may be late. Tasks that a busy machine brings late to the semaphore,
/// whichever they are, turn k(w − k) of w(w − 1) / 2 pairs, which is no more where w is 4 or more; a
/// semaphore that takes the last first turns all but those of the same moment. `calls` are in order of
/// arrival, the first `at_once` found a permit.
Mistake check_order_of_permits(const Case&, std::span<const LedgerCall> calls, std::uint32_t at_once);

/// Of calls that may be made again, where each attempt has a permit and no wait between two: the order of the
/// first attempts, as above, and who comes before whom in the meantime. When an attempt failed, those calls
/// waited for its permit that any model would have begun by then and that were not. They asked before the
/// next attempt could: half of them come before it, at half of such attempts at least. And as they have all
/// permits while that call waits, more calls are under way than there are permits.
Mistake check_permits_of_attempts(const Case&, const Ledger&, std::uint32_t at_once);

}  // namespace fanbench
