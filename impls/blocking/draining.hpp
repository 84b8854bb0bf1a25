// Calls that keep coming until SIGTERM does, by models that block a thread for each.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <mutex>
#include <optional>

#include "impls/blocking/call.hpp"

namespace fanbench {

/// Waits for SIGTERM, which all threads have to block: whether it came by then.
inline bool terminated_by(Recorder::Clock::time_point until) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  for (;;) {
    const auto left = std::max(until - Recorder::Clock::now(), Recorder::Clock::duration::zero());
    const timespec timeout{.tv_sec = left / std::chrono::seconds(1),
                           .tv_nsec = (left % std::chrono::seconds(1)).count()};
    if (::sigtimedwait(&signals, nullptr, &timeout) == SIGTERM) return true;
    if (Recorder::Clock::now() >= until) return false;
  }
}

/// For the calls of one run, from many threads.
class Draining {
 public:
  Draining(BlockingClient& client, const Scenario& scenario, Recorder& recorder)
      : client_(client), scenario_(scenario), recorder_(recorder) {}

  /// Waits until the next call comes, which somebody has to make then; nothing when the process is told to
  /// end.
  std::optional<CallId> next() {
    if (scenario_.calls == 0) return std::nullopt;
    const bool more = next_ < scenario_.calls;
    if (terminated_by(more ? recorder_.began() + next_ * scenario_.interval
                           : Recorder::Clock::time_point::max())) {
      told_.request_stop();
      return std::nullopt;
    }
    recorder_.ready(next_);
    const std::lock_guard lock(mutex_);
    ++left_;
    return next_++;
  }
  /// Makes it, unless the process was told to end before it was its turn.
  void make(CallId id) {
    if (told_.stop_requested())
      recorder_.leave_out(id, id + 1);
    else
      call(client_, {scenario_.run, id}, recorder_, {over_.get_token()});
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) none_left_.notify_one();
  }
  /// Lets what is in flight end within the grace, cancels the rest and waits for it.
  void end() {
    std::unique_lock lock(mutex_);
    const auto none = [this] { return left_ == 0; };
    if (!none_left_.wait_for(lock, scenario_.grace, none)) {
      lock.unlock();
      over_.request_stop();
      lock.lock();
      none_left_.wait(lock, none);
    }
    recorder_.leave_out(next_, scenario_.calls);
  }

 private:
  BlockingClient& client_;
  const Scenario& scenario_;
  Recorder& recorder_;
  std::stop_source told_, over_;  // no more calls; no more waiting for them
  CallId next_ = 0;
  std::mutex mutex_;
  std::condition_variable none_left_;
  std::uint32_t left_ = 0;  // that somebody has to make, or makes
};

}  // namespace fanbench
