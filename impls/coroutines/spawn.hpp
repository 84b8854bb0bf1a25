// How the coroutines of a fan-out are started and joined: one group, which ends when all of them have ended.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <utility>
#include <vector>

#include "impls/http/awaitable.hpp"

namespace fanbench {

/// A coroutine that starts when its group does.
inline auto spawn(const asio::any_io_executor& loop, asio::awaitable<void> coroutine) {
  return asio::co_spawn(loop, std::move(coroutine), asio::deferred);
}
using Spawned = decltype(spawn(std::declval<asio::any_io_executor>(), std::declval<asio::awaitable<void>>()));

/// Starts them all in order and waits until `condition` (Asio's wait_for_all, wait_for_one …) is met, which
/// may cancel the rest, and all have ended. Returns their indices in the order in which they ended. Rethrows
/// the first exception.
template <class Condition>
asio::awaitable<std::vector<std::size_t>> run_group(std::vector<Spawned> coroutines, Condition condition) {
  auto group = asio::experimental::make_parallel_group(std::move(coroutines));
  auto [order, exceptions] = co_await group.async_wait(condition, asio::use_awaitable);
  for (const std::size_t index : order) {
    if (exceptions[index]) std::rethrow_exception(exceptions[index]);
  }
  co_return order;
}

/// One call of one attempt, recorded.
inline asio::awaitable<void> call(AwaitableClient& client, Request request, Recorder& recorder) {
  co_await asio::this_coro::throw_if_cancelled(
      false);  // a cancelled call ends with a verdict, not an exception
  recorder.start(request.id);
  const Reply reply = co_await client.get(request);
  recorder.finish(request.id, reply);
}

}  // namespace fanbench
