// The bounded queue: its order is its container's, it never holds more than its capacity, and closing it
// wakes everyone who waits.
#include "impls/blocking/bounded_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <queue>
#include <stack>
#include <stdexcept>
#include <thread>
#include <vector>

namespace fanbench {
namespace {

template <class Items>
std::vector<int> order_of(Items items) {
  BoundedQueue<Items> queue(4, std::move(items));
  for (const int item : {2, 4, 1, 3}) queue.push(item);
  queue.close();
  std::vector<int> order;
  while (const auto item = queue.pop()) order.push_back(*item);
  return order;
}

TEST(BoundedQueue, HandsOutInTheOrderOfItsContainer) {
  EXPECT_EQ(order_of(std::queue<int>()), (std::vector{2, 4, 1, 3}));
  EXPECT_EQ(order_of(std::stack<int>()), (std::vector{3, 1, 4, 2}));
  EXPECT_EQ(order_of(std::priority_queue<int>()), (std::vector{4, 3, 2, 1}));
}

/// A queue that counts how often it was looked at, and how much it held at most.
struct Watched {
  using value_type = int;
  struct Seen {
    std::atomic<int> asked_empty = 0, asked_size = 0;
    std::size_t most = 0;
  };

  explicit Watched(Seen& s) : seen(&s) {}
  void push(int item) {
    items.push(item);
    seen->most = std::max(seen->most, items.size());
  }
  void pop() { items.pop(); }
  int& front() { return items.front(); }
  bool empty() const {
    ++seen->asked_empty;
    return items.empty();
  }
  std::size_t size() const {
    ++seen->asked_size;
    return items.size();
  }

  Seen* seen;
  std::queue<int> items;
};

/// Who has asked, under the queue's lock, and was told no is waiting when that lock can be had again.
void wait_for(const std::atomic<int>& asked, int times) {
  while (asked < times) std::this_thread::yield();
}

TEST(BoundedQueue, NeverHoldsMoreThanItsCapacityAndLosesNothing) {
  constexpr int producers = 4, consumers = 3, each = 500;
  constexpr std::size_t capacity = 5;
  Watched::Seen seen;
  BoundedQueue<Watched> queue(capacity, Watched(seen));
  std::vector<std::atomic<int>> taken(producers * each);
  {
    std::vector<std::jthread> takers;
    for (int c = 0; c < consumers; ++c) {
      takers.emplace_back([&] {
        while (const auto item = queue.pop()) ++taken[static_cast<std::size_t>(*item)];
      });
    }
    std::vector<std::jthread> putters;
    for (int p = 0; p < producers; ++p) {
      putters.emplace_back([&queue, p] {
        for (int n = 0; n < each; ++n) queue.push(p * each + n);
      });
    }
    putters.clear();
    queue.close();
  }
  EXPECT_LE(seen.most, capacity);
  for (const auto& times : taken) EXPECT_EQ(times, 1);
}

TEST(BoundedQueue, HoldsAsMuchAsItsCapacityAndThenLetsWait) {
  Watched::Seen seen;
  BoundedQueue<Watched> queue(2, Watched(seen));
  queue.push(1);
  queue.push(2);
  const int asked = seen.asked_size;
  std::atomic<bool> pushed = false;
  std::jthread third([&] { queue.push(3, [&pushed] { pushed = true; }); });
  wait_for(seen.asked_size, asked + 1);
  EXPECT_FALSE(pushed);
  EXPECT_EQ(queue.pop(), 1);
  third.join();
  EXPECT_TRUE(pushed);
  EXPECT_EQ(seen.most, 2U);
}

TEST(BoundedQueue, SaysThatAnItemIsInBeforeAnyoneCanTakeIt) {
  BoundedQueue<std::queue<int>> queue(1);
  std::vector<int> said;  // guarded by the queue alone
  std::jthread producer([&] {
    for (int n = 0; n < 200; ++n) queue.push(n, [&said, n] { said.push_back(n); });
    queue.close();
  });
  std::size_t taken = 0;
  while (queue.pop()) ++taken;
  EXPECT_EQ(taken, 200U);
  producer.join();
  EXPECT_EQ(said.size(), 200U);
}

TEST(BoundedQueue, WakesAllWhoWaitWhenItIsClosed) {
  constexpr int waiting = 4;
  Watched::Seen seen;
  BoundedQueue<Watched> queue(1, Watched(seen));
  std::atomic<int> woken = 0;
  std::vector<std::jthread> threads;
  for (int n = 0; n < waiting; ++n) {
    threads.emplace_back([&] { woken += queue.pop() == std::nullopt ? 1 : 0; });
  }
  wait_for(seen.asked_empty, waiting);
  queue.close();
  threads.clear();
  EXPECT_EQ(woken, waiting);
}

TEST(BoundedQueue, GivesOutWhatItHoldsAfterItWasClosed) {
  BoundedQueue<std::queue<int>> queue(3);
  for (const int item : {1, 2, 3}) queue.push(item);
  queue.close();
  for (const int item : {1, 2, 3}) EXPECT_EQ(queue.pop(), item);
  EXPECT_EQ(queue.pop(), std::nullopt);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, IsClosedAtTheEndOfWhoPutsIntoItAlsoByAnException) {
  BoundedQueue<std::queue<int>> queue(1);
  std::jthread producer([&queue] {
    try {
      const BoundedQueue<std::queue<int>>::CloseAtEnd close{queue};
      queue.push(1);
      throw std::runtime_error("no more");
    } catch (const std::runtime_error&) {
    }
  });
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

}  // namespace
}  // namespace fanbench
