// How the tasks of a fan-out are started and joined.
#pragma once

#include <cstdint>
#include <latch>

#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

/// Enqueues task(0) … task(count - 1) and waits until all have ended. They begin in about this order; oneTBB
/// promises no more. The caller waits on a latch: oneTBB's own waits take a slot of the arena and spin.
template <class Task>
void run_tasks(onetbb::task_arena& arena, std::uint32_t count, const Task& task) {
  std::latch left(count);
  for (std::uint32_t n = 0; n < count; ++n) {
    arena.enqueue([&, n] {
      task(n);
      left.count_down();
    });
  }
  left.wait();
}

/// Runs an algorithm of oneTBB's on the arena's threads alone: called from outside, it would take the caller
/// as one more.
template <class Algorithm>
void run_inside(onetbb::task_arena& arena, const Algorithm& algorithm) {
  run_tasks(arena, 1, [&](std::uint32_t) { algorithm(); });
}

}  // namespace fanbench::tbb
