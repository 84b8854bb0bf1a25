// Event loops to which calls are dealt out, and groups whose coroutines are on several of them.
#include "impls/http/lanes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <set>
#include <thread>
#include <vector>

#include "impls/coroutines/group.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;
using coroutines::Prepared;

Awaitable<void> note_thread(std::thread::id& thread) {
  thread = std::this_thread::get_id();
  co_return;
}

TEST(Lanes, DealInTurnEachToAThreadOfItsOwn) {
  Lanes lanes({.workers = 3});
  std::vector<std::thread::id> threads(9);
  std::vector<Prepared> all;
  for (std::uint32_t n = 0; n < threads.size(); ++n)
    all.push_back({lanes.of(n).loop, note_thread(threads[n])});
  lanes.run(coroutines::join_all(std::move(all)));
  EXPECT_EQ(threads[0], std::this_thread::get_id());
  EXPECT_EQ(std::set(threads.begin(), threads.end()).size(), 3);
  for (std::uint32_t n = 3; n < threads.size(); ++n) EXPECT_EQ(threads[n], threads[n - 3]);
}

TEST(Lanes, OfOneLoopMakeNoThread) {
  Lanes lanes({});
  std::thread::id thread;
  lanes.run(note_thread(thread));
  EXPECT_EQ(thread, std::this_thread::get_id());
  EXPECT_EQ(&lanes.of(0), &lanes.of(17));
}

/// Of calls that are dealt out by their ids: none may find no connection open.
TEST(Lanes, HaveAsManyInFlightAsTheyWereDealt) {
  struct Row {
    std::uint32_t workers, calls, in_flight, most;
  };
  const Row rows[] = {
      {1, 10, 4, 4},    // one has them all
      {2, 10, 10, 5},   // all at once
      {3, 10, 10, 4},   // they do not come out even
      {2, 100, 8, 8},   // a limit, and who has the permits is chance
      {4, 10, 8, 3},    // no more than it was dealt
      {2, 10, 20, 10},  // a copy of each
      {2, 10, 13, 10},  // copies of some: of all in one
      {16, 3, 3, 1},    // more loops than calls
      {2, 0, 0, 0},     // nothing to do
  };
  for (const Row& row : rows) {
    const fanbench::Setup setup{.workers = row.workers, .calls = row.calls};
    EXPECT_EQ(most_in_a_lane(setup, row.in_flight), row.most)
        << row.workers << ' ' << row.calls << ' ' << row.in_flight;
  }
}

Awaitable<void> fail() {
  throw std::runtime_error("as it should");
  co_return;
}

TEST(Lanes, RethrowWhatTheirWorkThrows) {
  Lanes lanes({.workers = 2});
  std::vector<Prepared> all;
  for (std::uint32_t n = 0; n < 2; ++n) all.push_back({lanes.of(n).loop, fail()});
  EXPECT_THROW(lanes.run(coroutines::join_all(std::move(all))), std::runtime_error);
}

/// Waits until then, or until it is cancelled, and says by which thread it was told.
Awaitable<void> wait_until(Timer::time_point time, std::thread::id& thread) {
  co_await asio::this_coro::throw_if_cancelled(false);
  Timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::as_tuple(asio::deferred));
  thread = std::this_thread::get_id();
}

TEST(Lanes, CancelAGroupsCoroutinesOnTheirOwnLoops) {
  Lanes lanes({.workers = 3});
  std::vector<std::thread::id> threads(30);
  std::vector<Prepared> all;
  for (std::uint32_t n = 0; n < threads.size(); ++n)
    all.push_back({lanes.of(n).loop, wait_until(Timer::time_point::max(), threads[n])});
  lanes.run(coroutines::within(Timer::clock_type::now() + 10ms, coroutines::join_group(std::move(all))));
  EXPECT_EQ(std::set(threads.begin(), threads.end()).size(), 3);
  for (std::uint32_t n = 3; n < threads.size(); ++n) EXPECT_EQ(threads[n], threads[n - 3]);
}

Awaitable<void> race(std::vector<Prepared> all, std::vector<std::size_t>& order) {
  order = co_await coroutines::run_group(std::move(all), asio::experimental::wait_for_one());
}

/// Each time some end by themselves just when they are cancelled: both cross, from loop to loop.
TEST(Lanes, CancelWhatIsAboutToEnd) {
  Lanes lanes({.workers = 3});
  for (int round = 0; round < 300; ++round) {
    std::vector<std::thread::id> threads(30);
    std::vector<Prepared> all;
    for (std::uint32_t n = 0; n < threads.size(); ++n)
      all.push_back({lanes.of(n).loop, wait_until(Timer::clock_type::now() + n * 10us, threads[n])});
    std::vector<std::size_t> order;
    lanes.run(race(std::move(all), order));
    EXPECT_EQ(order.size(), threads.size());
    EXPECT_THAT(threads, testing::Each(testing::Ne(std::thread::id())));
  }
}

}  // namespace
}  // namespace fanbench
