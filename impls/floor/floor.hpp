// The floor: what the machine allows. Sockets and epoll with nothing in between: a yardstick for the models,
// and no way to write programs. Only gather and semaphore, and only its own client.
#pragma once

#include "impls/contract/model.hpp"
#include "impls/floor/loop.hpp"

namespace fanbench::floor {

/// How a workload is done: in one loop.
using Workload = void(Loop& loop, const Scenario& scenario, Recorder& recorder);

ModelEntry entry();

}  // namespace fanbench::floor
