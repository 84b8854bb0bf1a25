// What the ledger says of each attempt's time.
#include "bench/specification/delays.hpp"

namespace fanbench {

Delays::Delays(const Case& c, const Ledger& ledger) : Delays(c) {
  constexpr Nanoseconds not_served{-1};
  served_.assign(index(c.scenario.calls, 0), not_served);
  for (const LedgerCall& call : ledger.calls) {
    const bool replied = call.ending == Ending::completed || call.ending == Ending::broken;
    if (replied && call.id < c.scenario.calls && call.attempt < attempts_)
      served_[index(call.id, call.attempt)] = call.ended - call.arrived;
  }
}

}  // namespace fanbench
