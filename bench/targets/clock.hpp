// How the client's clock and the ledger's belong together.
#pragma once

#include "impls/contract/scenario.hpp"

namespace fanbench {

/// The ledger's time of a moment is the client's plus `offset`, give or take `uncertainty`. As it stands: of
/// a server on this machine, where all processes have one clock; to which the ledger's arrival_error comes.
/// Not shared: only durations can be compared.
struct SharedClock {
  bool shared = true;
  Nanoseconds offset{}, uncertainty{};
};

}  // namespace fanbench
