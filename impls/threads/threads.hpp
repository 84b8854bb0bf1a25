// The thread model: every call has a thread of its own, which blocks until the reply comes.
#pragma once

#include "impls/contract/model.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench::threads {

/// How a workload is done: by threads that share a client, and are joined when it returns.
using Workload = void(BlockingClient& client, const Scenario& scenario, Recorder& recorder);

ModelEntry entry();

}  // namespace fanbench::threads
