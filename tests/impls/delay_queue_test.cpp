// The delay queue: calls come out when they are due, the first that is due first, until all have ended.
#include "impls/blocking/delay_queue.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace fanbench {
namespace {

using namespace std::chrono_literals;

TEST(DelayQueue, HandsCallsOutInTheOrderInWhichTheyAreDue) {
  DelayQueue queue(4);
  queue.put(0, 30ms);
  queue.put(1, 0ms);
  queue.put(2, 10ms);
  queue.put(3, 0ms);
  std::vector<CallId> order;
  while (order.size() < 4) order.push_back(*queue.take());
  EXPECT_EQ(order, (std::vector<CallId>{1, 3, 2, 0}));
}

TEST(DelayQueue, HandsNoCallOutBeforeItIsDue) {
  DelayQueue queue(1);
  const auto due = Recorder::Clock::now() + 20ms;
  queue.put(0, 20ms);
  EXPECT_EQ(queue.take(), 0U);
  EXPECT_GE(Recorder::Clock::now(), due);
}

TEST(DelayQueue, HasNoMoreCallsWhenAllHaveEnded) {
  DelayQueue queue(2);
  queue.leave();
  queue.put(1, 0ms);
  EXPECT_EQ(queue.take(), 1U);
  queue.leave();
  EXPECT_EQ(queue.take(), std::nullopt);
  EXPECT_EQ(DelayQueue(0).take(), std::nullopt);
}

TEST(DelayQueue, TakesWhatOtherThreadsPutIn) {
  constexpr std::uint32_t calls = 200;
  constexpr int rounds = 3;
  DelayQueue queue(calls);
  std::vector<int> taken(calls);
  {
    std::vector<std::jthread> threads;  // each puts a call in, and the one that took it puts it in again
    for (CallId id = 0; id < calls; ++id) threads.emplace_back([&, id] { queue.put(id, id % 7 * 100us); });
    while (const auto id = queue.take()) {
      if (++taken[*id] < rounds)
        threads.emplace_back([&queue, id] { queue.put(*id, 100us); });
      else
        threads.emplace_back([&queue] { queue.leave(); });
    }
  }
  EXPECT_EQ(taken, std::vector<int>(calls, rounds));
}

}  // namespace
}  // namespace fanbench
