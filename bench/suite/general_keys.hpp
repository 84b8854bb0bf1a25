// The keys that scenarios of all workloads have.
#pragma once

#include <vector>

#include "bench/suite/key.hpp"

namespace fanbench {

/// What is run, and how its calls are. A scenario's values vary in the order of the keys, the first slowest:
/// these, then the workload's own,
const std::vector<Key>& leading_keys();
/// then how it is run.
const std::vector<Key>& closing_keys();

}  // namespace fanbench
