// Calls that wait until their next attempt is due, so that no thread has to sleep for each of them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "impls/contract/records.hpp"

namespace fanbench {

/// Any thread puts calls in; one takes them out.
class DelayQueue {
 public:
  /// Of so many calls, none of which has ended.
  explicit DelayQueue(std::uint32_t calls) : calls_(calls) {}

  /// The call is due after this wait.
  void put(CallId id, Nanoseconds wait) {
    const auto due = Recorder::Clock::now() + wait;
    const std::lock_guard lock(mutex_);
    waiting_.emplace(due, id);
    changed_.notify_one();
  }
  /// A call has ended: it will not be put any more.
  void leave() {
    const std::lock_guard lock(mutex_);
    --calls_;
    changed_.notify_one();
  }
  /// Waits for the next call that is due and takes it out; none when all have ended.
  std::optional<CallId> take() {
    std::unique_lock lock(mutex_);
    while (calls_ > 0) {
      if (waiting_.empty()) {
        changed_.wait(lock);
      } else if (const auto [due, id] = waiting_.top(); due > Recorder::Clock::now()) {
        changed_.wait_until(lock, due);
      } else {
        waiting_.pop();
        return id;
      }
    }
    return std::nullopt;
  }

 private:
  using Waiting = std::pair<Recorder::Clock::time_point, CallId>;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::priority_queue<Waiting, std::vector<Waiting>, std::greater<>>
      waiting_;  // the first that is due on top
  std::uint32_t calls_;
};

}  // namespace fanbench
