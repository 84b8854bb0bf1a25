// Dates arrivals: turns the kernel's stamps, which are of the wall clock, into times of the steady clock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>

#include "mock_server/plan/duration.hpp"

namespace fanbench::server {

/// A look at CLOCK_REALTIME between two at CLOCK_MONOTONIC.
struct ClockReading {
  Nanoseconds before, wall, after;
};
ClockReading read_clocks();

/// NTP slews both clocks alike, so that one is ahead of the other by the same nanoseconds for as long as
/// nobody sets the wall clock, no leap second comes and the machine does not sleep: a step. What was stamped
/// before a step and is converted after it, or the other way round, is wrong by the step, and so is what
/// comes between a step and the next check(). Thread-safe.
class ArrivalClock {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Read = std::function<ClockReading()>;

  /// `read`: for tests, which can't set the clock.
  explicit ArrivalClock(Read read = read_clocks);

  /// Looks whether there was a step since the last time. Takes less than a microsecond.
  void check();
  /// Of check().
  std::uint64_t steps() const { return steps_.load(std::memory_order_relaxed); }
  /// The steady clock's time when the wall clock's was `stamp`, give or take error().
  Time steady(Nanoseconds stamp) const {
    return Time(stamp - Nanoseconds(ahead_ns_.load(std::memory_order_relaxed)));
  }
  /// Half the time that the closest of a few looks took, about 50 ns where no system call is needed for it.
  Nanoseconds error() const { return Nanoseconds(error_ns_.load(std::memory_order_relaxed)); }

 private:
  /// How far the wall clock may be ahead.
  struct Bounds {
    Nanoseconds least, most;
  };
  Bounds look() const;
  void set(const Bounds& bounds);

  const Read read_;
  std::mutex mutex_;  // of check()
  Bounds bounds_{};
  std::atomic<std::int64_t> ahead_ns_{0}, error_ns_{0};
  std::atomic<std::uint64_t> steps_{0};
};

}  // namespace fanbench::server
