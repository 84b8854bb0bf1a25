// Permits that tasks do not block for: who finds none waits in a queue, and a permit that comes back starts
// the next. A thread that waited for one would be lost to the tasks that have theirs.
#pragma once

#include <boost/asio/post.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench::thread_pool {

class Permits {
 public:
  Permits(asio::thread_pool& threads, std::uint32_t permits) : threads_(threads), permits_(permits) {}

  /// Starts the task when it has a permit, which release() gives back.
  void acquire(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(task));
    start_next();
  }
  void release() {
    const std::lock_guard lock(mutex_);
    ++permits_;
    start_next();
  }

 private:
  void start_next() {
    if (permits_ == 0 || waiting_.empty()) return;
    --permits_;
    asio::post(threads_, std::move(waiting_.front()));
    waiting_.pop_front();
  }

  asio::thread_pool& threads_;
  std::mutex mutex_;
  std::uint32_t permits_;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace fanbench::thread_pool
