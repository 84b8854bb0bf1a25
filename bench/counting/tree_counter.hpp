// Counts a perf event in all threads of this process and its descendants.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace fanbench {

/// What the kernel returns of a counter. Source: perf_event_open(2), PERF_FORMAT_TOTAL_TIME_*; times in ns.
struct CounterReading {
  std::uint64_t count = 0, enabled = 0, running = 0;

  friend CounterReading operator+(CounterReading a, CounterReading b) {
    return {.count = a.count + b.count, .enabled = a.enabled + b.enabled, .running = a.running + b.running};
  }
};

/// Events between two readings. Nothing where another program had the hardware's counter for a part of the
/// time: what the kernel would extrapolate to is no count.
std::optional<std::uint64_t> counted(CounterReading before, CounterReading after);

/// Counts from start() to stop(), in all threads of the tree that exist when this is made and in all threads
/// and processes that they make later.
class TreeCounter {
 public:
  /// Source: perf_event_open(2), `type` and `config`.
  struct Event {
    std::uint32_t type = 0;
    std::uint64_t config = 0;
    bool exclude_kernel = false;
  };

  /// `excluded`: a process left out with its descendants; `not_counted`: a thread of the tree that is left
  /// out (0: none). Nothing where the kernel does not let us count.
  static std::optional<TreeCounter> open(const Event& event, pid_t excluded, pid_t not_counted);

  TreeCounter(TreeCounter&& other) noexcept
      : before_(other.before_), counters_(std::exchange(other.counters_, {})) {}
  TreeCounter& operator=(TreeCounter&& other) noexcept {
    std::swap(before_, other.before_);
    std::swap(counters_, other.counters_);
    return *this;
  }
  ~TreeCounter();

  /// Both by the thread that has opened this: its own events are counted to the last, with those of stop()
  /// until this thread's counter stands still.
  void start();
  std::optional<std::uint64_t> stop();

  /// Descriptors that this holds: one for each thread.
  std::size_t descriptors() const noexcept { return counters_.size(); }

 private:
  explicit TreeCounter(std::vector<int> counters) : counters_(std::move(counters)) {}

  CounterReading sum() const;

  CounterReading before_;
  std::vector<int> counters_;  // the first one is of the thread that has opened them
};

}  // namespace fanbench
