// The client of models that await their calls on an event loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "impls/http/request.hpp"

namespace fanbench {

namespace asio = boost::asio;

/// For one thread: calls are made from coroutines of the loop that it was made with. Idle connections are
/// shared by all of them, the last used first.
class AwaitableClient {
 public:
  AwaitableClient() = default;
  AwaitableClient(const AwaitableClient&) = delete;
  AwaitableClient& operator=(const AwaitableClient&) = delete;
  virtual ~AwaitableClient() = default;

  /// Ends when the reply is there, the connection failed (transport_error), or the coroutine was cancelled:
  /// then the connection is given up at once and the verdict is cancelled. Throws only for a broken set-up.
  virtual asio::awaitable<Reply> get(Request request) = 0;
};

std::unique_ptr<AwaitableClient> make_awaitable_client(const Setup& setup, asio::any_io_executor loop);

}  // namespace fanbench
