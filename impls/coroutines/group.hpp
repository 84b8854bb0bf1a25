// How the coroutines of a fan-out are started and joined: a group that can be cancelled, or one that need not
// be. Both end when all their coroutines have ended.
#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

#include "impls/coroutines/prepared.hpp"

namespace fanbench::coroutines {

/// a && b waits for both and a || b for the first, whose end cancels the other; they take coroutines only.
/// What they make is kept in a variable, and awaited as `std::move(x)`, as is the like elsewhere: GCC 12
/// destroys some temporaries of a co_await expression twice.
using namespace asio::experimental::awaitable_operators;
/// Makes a coroutine of an operation, for && and ||. Where one operation is awaited, asio::deferred is
/// cheaper.
inline constexpr asio::use_awaitable_t<Loop> as_coroutine;

/// Starts them all in order and waits until `condition` (Asio's wait_for_all, wait_for_one …) is met, which
/// may cancel the rest, and all have ended. Returns their indices in the order in which they ended. Rethrows
/// the first exception.
template <class Condition>
Awaitable<std::vector<std::size_t>> run_group(std::vector<Prepared> coroutines, Condition condition) {
  if (coroutines.empty()) co_return std::vector<std::size_t>();  // Asio's group would never end
  const auto here = co_await asio::this_coro::executor;
  std::vector<decltype(operation_of(here, std::declval<Prepared>()))> operations;
  operations.reserve(coroutines.size());
  for (Prepared& coroutine : coroutines) operations.push_back(operation_of(here, std::move(coroutine)));
  auto group = asio::experimental::make_parallel_group(std::move(operations));
  auto [order, exceptions] = co_await group.async_wait(condition, asio::deferred);
  for (const std::size_t index : order) {
    if (exceptions[index]) std::rethrow_exception(exceptions[index]);
  }
  co_return order;
}

/// Waits until all have ended. Unlike join_all, this can be cancelled, and then cancels them.
inline Awaitable<void> join_group(std::vector<Prepared> coroutines) {
  co_await run_group(std::move(coroutines), asio::experimental::wait_for_all());
}

/// Cancels the work at the deadline, and waits until it has ended.
inline Awaitable<void> within(Timer::time_point deadline, Awaitable<void> work) {
  Timer timer(co_await asio::this_coro::executor, deadline);
  auto first = std::move(work) || timer.async_wait(as_coroutine);
  co_await std::move(first);
}

/// The coroutines of a join_all that still run, and the first exception of those that have ended.
struct Join {
  std::size_t running;
  Timer ended;  // never expires: the last coroutine cancels it
  std::exception_ptr failure{};
};
/// What a coroutine of the join does when it has ended, on the loop of who waits.
struct CountDown {
  Join& join;

  void operator()(std::exception_ptr thrown) const {
    if (!join.failure) join.failure = thrown;
    if (--join.running == 0) join.ended.cancel();
  }
};

/// Waits until they have ended; rethrows the first exception. To be awaited where nothing cancels it.
inline Awaitable<void> wait_for(Join& join) {
  while (join.running > 0) co_await join.ended.async_wait(asio::as_tuple(asio::deferred));
  if (join.failure) std::rethrow_exception(join.failure);
}

/// Starts them all in order and waits until all have ended. Nothing can cancel them, unlike a group, and so
/// they need not carry what that takes: four allocations for a call. Rethrows the first exception.
template <class Executor>
Awaitable<void> join_each(std::vector<PreparedOn<Executor>> coroutines) {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  const auto loop = co_await asio::this_coro::executor;
  Join join{.running = coroutines.size(), .ended = Timer(loop, Timer::time_point::max())};
  for (auto& [executor, coroutine] : coroutines) {
    auto ended = asio::bind_executor(loop, CountDown{join});  // on this loop, wherever the coroutine ran
    asio::co_spawn(executor, std::move(coroutine), std::move(ended));
  }
  coroutines = std::vector<PreparedOn<Executor>>();
  co_await wait_for(join);
}

/// Makes those of each other loop one coroutine, which joins them there: one start and one end cross from
/// loop to loop then, and not one for each of them.
inline std::vector<Prepared> by_loop(const Loop& here, std::vector<Prepared> coroutines) {
  std::vector<std::pair<Loop, std::vector<Prepared>>> loops;
  for (Prepared& one : coroutines) {
    auto of = std::ranges::find(loops, one.executor, &decltype(loops)::value_type::first);
    if (of == loops.end()) of = loops.emplace(of, one.executor, std::vector<Prepared>());
    of->second.push_back(std::move(one));
  }
  std::vector<Prepared> joined, own;
  for (auto& [loop, all] : loops) {
    if (loop == here)
      own = std::move(all);
    else
      joined.push_back({loop, join_each(std::move(all))});
  }
  std::ranges::move(own, std::back_inserter(joined));
  return joined;
}

/// The same of coroutines on all loops.
inline Awaitable<void> join_all(std::vector<Prepared> coroutines) {
  const auto here = co_await asio::this_coro::executor;
  const auto is_here = [&here](const Prepared& one) { return one.executor == here; };
  if (!std::ranges::all_of(coroutines, is_here)) coroutines = by_loop(here, std::move(coroutines));
  co_await join_each(std::move(coroutines));
}

/// One call of one attempt, recorded; `call<Reply>` returns its reply, for those who need it. A cancelled
/// call ends with a verdict, not with an exception.
template <class Result = void>
Awaitable<Result> call(AsyncClient& client, Request request, Recorder& recorder) {
  co_await asio::this_coro::throw_if_cancelled(false);
  recorder.start(request.id);
  const Reply reply = co_await client.get(request);
  recorder.finish(request.id, reply);
  if constexpr (!std::is_void_v<Result>) co_return reply;
}

}  // namespace fanbench::coroutines
