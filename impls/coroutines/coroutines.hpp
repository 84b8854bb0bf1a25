// The coroutine model: every call is a coroutine, and one thread runs them all on an event loop; or several
// do, each on a loop of its own.
#pragma once

#include "impls/contract/model.hpp"
#include "impls/http/lanes.hpp"

namespace fanbench::coroutines {

/// How a workload is done: a coroutine that ends with the fan-out. It runs in the first lane, and deals its
/// calls out to all of them.
using Workload = Awaitable<void>(const Lanes& lanes, const Scenario& scenario, Recorder& recorder);

ModelEntry entry();

}  // namespace fanbench::coroutines
