// The fair semaphore: permits go out in arrival order, never more of them than there are, and come back also
// when their holder throws.
#include "impls/blocking/fair_semaphore.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <fstream>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace fanbench {
namespace {

/// A thread that does `work`, whose first step is to wait; made when it waits.
std::jthread waiting_thread(std::function<void()> work) {
  std::atomic<pid_t> id = 0;
  std::jthread thread([&id, work = std::move(work)] {
    id = gettid();
    work();
  });
  for (std::string stat; stat.find(") S ") == std::string::npos; std::this_thread::yield()) {
    if (id != 0) std::getline(std::ifstream("/proc/self/task/" + std::to_string(id) + "/stat"), stat);
  }
  return thread;
}

TEST(FairSemaphore, GivesItsPermitsInArrivalOrder) {
  constexpr int waiting = 8;
  FairSemaphore semaphore(1);
  std::vector<int> order;  // guarded by the one permit
  std::vector<std::jthread> threads;
  semaphore.acquire();
  for (int n = 0; n < waiting; ++n) {
    threads.push_back(waiting_thread([&, n] {
      const FairSemaphore::Permit permit(semaphore);
      order.push_back(n);
    }));
  }
  semaphore.release();
  semaphore.acquire();  // arrives last, though it need not wait for a processor as the others do
  EXPECT_EQ(order, (std::vector{0, 1, 2, 3, 4, 5, 6, 7}));
  semaphore.release();
}

TEST(FairSemaphore, GivesAllItsPermitsAndNeverMore) {
  constexpr int threads = 12, permits = 3, each = 200;
  FairSemaphore semaphore(permits);
  std::atomic<int> held = 0, most = 0;
  {
    std::barrier all_held(permits);  // passed only where so many are held at once
    std::vector<std::jthread> together;
    for (int n = 0; n < permits; ++n) {
      together.emplace_back([&] {
        const FairSemaphore::Permit permit(semaphore);
        all_held.arrive_and_wait();
      });
    }
  }
  {
    std::vector<std::jthread> all;
    for (int n = 0; n < threads; ++n) {
      all.emplace_back([&] {
        for (int k = 0; k < each; ++k) {
          const FairSemaphore::Permit permit(semaphore);
          const int now = ++held;
          for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
          }
          if (k % 4 == 0) std::this_thread::yield();
          --held;
        }
      });
    }
  }
  EXPECT_LE(most, permits);
  EXPECT_EQ(held, 0);
}

TEST(FairSemaphore, HasItsPermitBackWhenTheHolderThrows) {
  FairSemaphore semaphore(1);
  for (int n = 0; n < 3; ++n) {
    try {
      const FairSemaphore::Permit permit(semaphore);
      throw std::runtime_error("holding a permit");
    } catch (const std::runtime_error&) {
    }
  }
  std::optional<FairSemaphore::Permit> held(std::in_place, semaphore);  // waits for ever where one was lost
  std::atomic<bool> second = false;
  const std::jthread other = waiting_thread([&] {
    const FairSemaphore::Permit permit(semaphore);
    second = true;
  });
  EXPECT_FALSE(second);  // nor has it one too many
  held.reset();
}

}  // namespace
}  // namespace fanbench
