// The process model: `workers` processes make the calls, one at a time each, and tell the pool when they are
// done.
#pragma once

#include "impls/contract/model.hpp"
#include "impls/processes/process_pool.hpp"

namespace fanbench::processes {

/// How a workload is done: by jobs of the pool, which all have ended when it returns.
using Workload = void(ProcessPool& pool, const Scenario& scenario, Recorder& recorder);

ModelEntry entry();

}  // namespace fanbench::processes
