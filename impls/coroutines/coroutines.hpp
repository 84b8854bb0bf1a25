// The coroutine model: every call is a coroutine, and one thread runs them all on an event loop.
#pragma once

#include "impls/contract/model.hpp"
#include "impls/http/async.hpp"

namespace fanbench::coroutines {

/// How a workload is done: a coroutine that ends with the fan-out, over a client that all its calls share.
using Workload = Awaitable<void>(AsyncClient& client, const Scenario& scenario, Recorder& recorder);

ModelEntry entry();

}  // namespace fanbench::coroutines
