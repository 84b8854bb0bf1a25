// The two curl clients: for models that block a thread for each call, and for those that await their calls.
#pragma once

#include <memory>

#include "impls/http/awaitable.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench::curl {

std::unique_ptr<BlockingClient> make_blocking(const Setup& setup);
std::unique_ptr<AwaitableClient> make_awaitable(const Setup& setup, Loop loop);

}  // namespace fanbench::curl
