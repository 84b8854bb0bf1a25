// How the clock of a target's ledger relates to the client's.
#pragma once

#include "impls/contract/scenario.hpp"

namespace fanbench {

/// shared: client and ledger read the one CLOCK_MONOTONIC of their machine. Else only durations can be
/// compared, and where the offset is known (uncertainty above 0) times within that.
struct SharedClock {
  bool shared = true;
  Nanoseconds offset{}, uncertainty{};
};

}  // namespace fanbench
