// How the tasks of a fan-out are started and joined.
#pragma once

#include <boost/asio/post.hpp>
#include <cstdint>
#include <latch>

#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench::thread_pool {

/// Puts task(0) … task(count - 1) into the pool's queue, from which its threads take them in this order, and
/// waits until all have ended.
template <class Task>
void run_tasks(asio::thread_pool& threads, std::uint32_t count, const Task& task) {
  std::latch left(count);
  for (std::uint32_t n = 0; n < count; ++n) {
    asio::post(threads, [&, n] {
      task(n);
      left.count_down();
    });
  }
  left.wait();
}

}  // namespace fanbench::thread_pool
