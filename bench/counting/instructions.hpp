// Counts the instructions of this process and its descendants with the CPU's own counter.
#pragma once

#include "bench/counting/tree_counter.hpp"

namespace fanbench {

/// In user space alone, so that no permission is needed but the default (kernel.perf_event_paranoid up to 2).
class InstructionCounter {
 public:
  /// As TreeCounter::open(). Nothing where the machine shows no hardware counters, as most virtual ones do.
  static std::optional<InstructionCounter> open(pid_t excluded, pid_t not_counted = 0);

  /// Both by the thread that has opened this.
  void start() { counter_.start(); }
  /// Nothing where not all of them were counted, or none: there is no run without.
  std::optional<std::uint64_t> stop();

  std::size_t descriptors() const noexcept { return counter_.descriptors(); }

 private:
  explicit InstructionCounter(TreeCounter counter) : counter_(std::move(counter)) {}

  TreeCounter counter_;
};

}  // namespace fanbench
