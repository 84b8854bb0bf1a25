// Calls that are cancelled together, but for the critical ones, by models that block a thread for each.
#pragma once

#include <condition_variable>
#include <mutex>

#include "impls/blocking/call.hpp"

namespace fanbench {

/// For the calls of one run, from many threads.
class Shield {
 public:
  Shield(BlockingClient& client, const Scenario& scenario, Recorder& recorder)
      : client_(client), scenario_(scenario), recorder_(recorder), left_(scenario.calls) {
    for (CallId id = 0; id < scenario.calls; ++id) left_ -= is_critical(scenario, id);
  }

  /// One call; what is critical has no stop token, and nothing takes it out of its call.
  void make(CallId id) {
    const bool critical = is_critical(scenario_, id);
    call(client_, {scenario_.run, id}, recorder_, {critical ? std::stop_token() : cancelled_.get_token()});
    const std::lock_guard lock(mutex_);
    left_ -= !critical;
    if (left_ == 0) none_left_.notify_one();
  }
  /// Waits until the deadline, or the end of all that are not critical, and cancels what is left of them.
  void cancel_at_deadline() {
    std::unique_lock lock(mutex_);
    none_left_.wait_until(lock, recorder_.began() + scenario_.deadline, [this] { return left_ == 0; });
    lock.unlock();
    cancelled_.request_stop();
  }

 private:
  BlockingClient& client_;
  const Scenario& scenario_;
  Recorder& recorder_;
  std::stop_source cancelled_;
  std::mutex mutex_;
  std::condition_variable none_left_;
  std::uint32_t left_;  // of those that are not critical
};

}  // namespace fanbench
