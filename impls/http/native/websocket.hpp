// Native WebSockets: a connection becomes one by a handshake, after which Beast reads and writes its frames.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "impls/http/async.hpp"
#include "impls/http/blocking.hpp"
#include "impls/http/native/message.hpp"

namespace fanbench::native {

/// On a connection that is open; or on one that is not, and that is then connected to the server.
Awaitable<std::unique_ptr<AwaitableSocket>> enter_room(Socket socket, const asio::ip::tcp::endpoint& server,
                                                       const std::string& host, std::uint64_t run);
std::unique_ptr<BlockingSocket> enter_room(Socket socket, const asio::ip::tcp::endpoint& server,
                                           const std::string& host, std::uint64_t run, std::stop_token stop);

}  // namespace fanbench::native
