// Whose a run's overhead is.
#pragma once

#include "impls/contract/scenario.hpp"

namespace fanbench {

/// Of one run. The parts add up to its overhead, and each may be negative: a model that takes calls out of
/// order may by luck beat the ideal, and a reply may reach the client before the server notes its end.
struct Parts {
  Nanoseconds makespan{}, ideal{}, served_ideal{};

  Nanoseconds overhead() const { return makespan - ideal; }
  Nanoseconds of_server() const { return served_ideal - ideal; }
  Nanoseconds of_client() const { return makespan - served_ideal; }
};

}  // namespace fanbench
