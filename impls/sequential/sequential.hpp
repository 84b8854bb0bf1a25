// The sequential model: one call after another. The baseline of all others.
#pragma once

#include "impls/contract/model.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench::sequential {

/// How a workload is done: call by call, by the thread that is asked to.
using Workload = void(BlockingClient& client, const Scenario& scenario, Recorder& recorder);

ModelEntry entry();

}  // namespace fanbench::sequential
