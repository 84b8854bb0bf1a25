// The event loop that the coroutine model's workloads run on.
#include "impls/coroutines/coroutines.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>

namespace fanbench {

Coroutines::Coroutines(const Setup& setup) : client_(make_awaitable_client(setup, loop_.get_executor())) {}

void Coroutines::run(Awaitable<void> main) {
  std::exception_ptr failure;
  asio::co_spawn(loop_, std::move(main), [this, &failure](std::exception_ptr thrown) {
    failure = thrown;
    loop_.stop();  // it would go on for the client's idle connections, if any of them is still watched
  });
  loop_.restart();
  loop_.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace fanbench
