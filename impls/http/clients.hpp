// The four clients: native and curl, awaitable and blocking. Models ask for them by transport, see
// make_*_client.
#pragma once

#include <memory>

#include "impls/http/awaitable.hpp"

namespace fanbench {

class BlockingClient;

std::unique_ptr<AwaitableClient> make_native_awaitable(const Setup& setup, Loop loop);
std::unique_ptr<AwaitableClient> make_curl_awaitable(const Setup& setup, Loop loop);
std::unique_ptr<BlockingClient> make_native_blocking(const Setup& setup);
std::unique_ptr<BlockingClient> make_curl_blocking(const Setup& setup);

}  // namespace fanbench
