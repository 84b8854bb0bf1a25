// Counts the system calls of this process and its descendants with the kernel's own tracepoint.
#pragma once

#include "bench/counting/tree_counter.hpp"

namespace fanbench {

/// A system call that is counted costs some 20 ns more: not for runs whose time is taken.
class SyscallCounter {
 public:
  /// As TreeCounter::open(). Nothing where there is no tracefs, no permission, or too few descriptors.
  static std::optional<SyscallCounter> open(pid_t excluded, pid_t not_counted = 0);

  /// Where it is and open() gives nothing, permission is missing (kernel.perf_event_paranoid).
  static bool tracepoint_is_readable();

  /// Both by the thread that has opened this: its own calls are counted to the last, but none of the
  /// counter's.
  void start() { counter_.start(); }
  std::uint64_t stop();

  std::size_t descriptors() const noexcept { return counter_.descriptors(); }

 private:
  explicit SyscallCounter(TreeCounter counter) : counter_(std::move(counter)) {}

  TreeCounter counter_;
};

}  // namespace fanbench
