// Counts the system calls of this process and its descendants with the kernel's own tracepoint.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace fanbench {

/// Counts from start() to stop(), in all threads of the tree that exist when this is made and in all threads
/// and processes that they make later. A system call that is counted costs some 20 ns more: not for runs
/// whose time is taken.
class SyscallCounter {
 public:
  /// `excluded`: a process left out with its descendants; `not_counted`: a thread of the tree that is left
  /// out (0: none). Nothing where the kernel does not let us count: no tracefs, no permission, too few
  /// descriptors.
  static std::optional<SyscallCounter> open(pid_t excluded, pid_t not_counted = 0);

  /// Where it is and open() gives nothing, permission is missing (kernel.perf_event_paranoid).
  static bool tracepoint_is_readable();

  SyscallCounter(SyscallCounter&& other) noexcept
      : before_(other.before_), counters_(std::exchange(other.counters_, {})) {}
  SyscallCounter& operator=(SyscallCounter&& other) noexcept {
    std::swap(before_, other.before_);
    std::swap(counters_, other.counters_);
    return *this;
  }
  ~SyscallCounter();

  /// Both by the thread that has opened this: its own calls are counted to the last, but none of the
  /// counter's.
  void start();
  std::uint64_t stop();

  /// Descriptors that this holds: one for each thread.
  std::size_t descriptors() const noexcept { return counters_.size(); }

 private:
  explicit SyscallCounter(std::vector<int> counters) : counters_(std::move(counters)) {}

  std::uint64_t sum() const;

  std::uint64_t before_ = 0;
  std::vector<int> counters_;  // the first one is of the thread that has opened them
};

}  // namespace fanbench
