// A semaphore for threads that hands out its permits in arrival order, which std::counting_semaphore does not
// promise.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>

namespace fanbench {

class FairSemaphore {
 public:
  explicit FairSemaphore(std::uint32_t permits) : permits_(permits) {}

  void acquire() {
    std::unique_lock lock(mutex_);
    if (permits_ > 0) {
      --permits_;
      return;
    }
    Waiter self;
    waiters_.push_back(&self);
    self.turn.wait(lock, [&self] { return self.permitted; });
  }
  void release() noexcept {
    const std::lock_guard lock(mutex_);
    if (waiters_.empty()) {
      ++permits_;
      return;
    }
    Waiter* next = waiters_.front();  // the permit passes straight to it: nobody can overtake
    waiters_.pop_front();
    next->permitted = true;
    next->turn.notify_one();
  }

  /// A permit for as long as it exists, waited for where none is free.
  class Permit {
   public:
    explicit Permit(FairSemaphore& permits) : permits_(permits) { permits_.acquire(); }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;
    ~Permit() { permits_.release(); }

   private:
    FairSemaphore& permits_;
  };

 private:
  struct Waiter {
    std::condition_variable turn;  // one each: a shared one would wake them all for every permit
    bool permitted = false;
  };
  std::mutex mutex_;
  std::deque<Waiter*> waiters_;
  std::uint32_t permits_;
};

}  // namespace fanbench
