// The two native clients: for models that block a thread for each call, and for those that wait on an event
// loop.
#pragma once

#include <memory>

#include "impls/http/async.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench::native {

std::unique_ptr<BlockingClient> make_blocking(const Setup& setup);
std::unique_ptr<AsyncClient> make_async(const Setup& setup, Loop loop);

}  // namespace fanbench::native
