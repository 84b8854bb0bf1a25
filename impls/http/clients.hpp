// The four clients: native and curl, awaitable and blocking. Models ask for them by transport, see
// make_*_client.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "impls/contract.hpp"

namespace fanbench {

class AwaitableClient;
class BlockingClient;

std::unique_ptr<AwaitableClient> make_native_awaitable(const Setup& setup, boost::asio::any_io_executor loop);
std::unique_ptr<AwaitableClient> make_curl_awaitable(const Setup& setup, boost::asio::any_io_executor loop);
std::unique_ptr<BlockingClient> make_native_blocking(const Setup& setup);
std::unique_ptr<BlockingClient> make_curl_blocking(const Setup& setup);

}  // namespace fanbench
