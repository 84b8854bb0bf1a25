// Chooses the client of a transport.
#include "impls/http/clients.hpp"

#include "impls/http/awaitable.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench {

std::unique_ptr<AwaitableClient> make_awaitable_client(const Setup& setup, Loop loop) {
  return setup.transport == Transport::native ? make_native_awaitable(setup, std::move(loop))
                                              : make_curl_awaitable(setup, std::move(loop));
}

std::unique_ptr<BlockingClient> make_blocking_client(const Setup& setup) {
  return setup.transport == Transport::native ? make_native_blocking(setup) : make_curl_blocking(setup);
}

}  // namespace fanbench
