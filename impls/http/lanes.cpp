#include "impls/http/lanes.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "impls/http/transports.hpp"

namespace fanbench {
namespace {

constexpr std::uint32_t divided_up(std::uint32_t n, std::uint32_t by) { return n / by + (n % by != 0); }

}  // namespace

Lanes::Lanes(const Setup& setup) : setup_(setup) {
  for (std::uint32_t i = 0; i < setup.workers; ++i) {
    asio::io_context& loop = loops_.emplace_back(/*threads that run it:*/ 1);
    busy_.emplace_back(loop.get_executor());
    AsyncClient& client = *clients_.emplace_back(make_async_client(setup, loop.get_executor()));
    lanes_.push_back({loop.get_executor(), client});
  }
  for (std::uint32_t i = 1; i < setup.workers; ++i) runners_.emplace_back(loops_[i], first());
}

Lanes::Runner::Runner(asio::io_context& loop, asio::io_context& first)
    : loop_(loop), thread_([&loop, &first] {
        try {
          loop.run();
        } catch (...) {
          asio::post(first, [thrown = std::current_exception()] { std::rethrow_exception(thrown); });
        }
      }) {}

void Lanes::run(Awaitable<void> main) {
  asio::io_context& loop = first();
  std::exception_ptr failure;
  asio::co_spawn(loop, std::move(main), [&loop, &failure](std::exception_ptr thrown) {
    failure = thrown;
    loop.stop();
  });
  loop.restart();
  loop.run();
  if (failure) std::rethrow_exception(failure);
}

void Lanes::warm(std::uint32_t in_flight) { run(warm_each(most_in_a_lane(setup_, in_flight))); }

Awaitable<void> Lanes::warm_each(std::uint32_t connections) {
  for (const Lane& lane : lanes_) {
    auto warmed = lane.client.warm(connections);
    co_await asio::co_spawn(lane.loop, std::move(warmed), asio::use_awaitable_t<Loop>());
  }
}

std::uint32_t most_in_a_lane(const Setup& setup, std::uint32_t in_flight) {
  if (setup.workers == 1 || in_flight == 0) return in_flight;
  const std::uint32_t of_each_call = divided_up(in_flight, setup.calls);  // two, where there may be copies
  return std::min(in_flight, divided_up(setup.calls, setup.workers) * of_each_call);
}

Needs needs_of_loops(const Setup& setup, std::uint32_t tasks, std::uint32_t in_flight) {
  const std::uint64_t of_1000 = transport_of(setup).descriptors_per_1000_async_calls;
  const std::uint64_t connections = std::uint64_t{setup.workers} * most_in_a_lane(setup, in_flight);
  // epoll, its timer, what wakes it, libcurl's own two; stack, heap, what a ring shares with the kernel
  constexpr Needs of_a_loop{.descriptors = 5, .mappings = 8, .memory_mb = 3};
  return {
      .descriptors = idle_process.descriptors + setup.workers * of_a_loop.descriptors +
                     (connections * of_1000 + 999) / 1000,
      .tasks = setup.workers,
      .mappings = idle_process.mappings + setup.workers * of_a_loop.mappings,
      .memory_mb = setup.workers * of_a_loop.memory_mb + (std::uint64_t{tasks} * 2 + connections * 25) / 1000,
      .connections = connections};
}

}  // namespace fanbench
