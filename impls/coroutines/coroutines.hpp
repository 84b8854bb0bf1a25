// The coroutine model: every call is a coroutine, and one thread runs them all on an event loop.
#pragma once

#include "impls/contract/model.hpp"
#include "impls/http/awaitable.hpp"

namespace fanbench::coroutines {

/// How a workload is done: a coroutine that ends with the fan-out, over a client that all its calls share.
using Workload = Awaitable<void>(AwaitableClient& client, const Scenario& scenario, Recorder& recorder);

ModelEntry entry();

}  // namespace fanbench::coroutines
