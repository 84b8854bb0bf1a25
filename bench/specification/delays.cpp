// What the ledger says of each attempt's time.
#include "bench/specification/delays.hpp"

namespace fanbench {

Delays::Delays(const Case& c, const Ledger& ledger) : Delays(c) {
  constexpr Nanoseconds not_served{-1};
  fan_out_ = ledger.messages.fan_out;
  served_.assign(index(c.scenario.calls, 0), not_served);
  std::vector<Attempt> refused(c.scenario.calls);  // so far: what passes is as if they had not been made
  for (const LedgerCall& call : ledger.calls) {
    if (call.id >= c.scenario.calls) continue;
    if (call.ending == Ending::refused) {
      ++refused[call.id];
      continue;
    }
    const bool replied = call.ending == Ending::completed || call.ending == Ending::broken;
    if (const Attempt attempt = call.attempt - refused[call.id]; replied && attempt < attempts_)
      served_[index(call.id, attempt)] = call.ended - call.arrived - call.waited;
  }
}

}  // namespace fanbench
