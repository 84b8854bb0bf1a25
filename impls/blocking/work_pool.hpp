// Work that threads hand to a pool of other threads, and wait for.
#pragma once

#include <future>
#include <queue>
#include <thread>
#include <vector>

#include "impls/blocking/bounded_queue.hpp"
#include "impls/kernel.hpp"

namespace fanbench {

/// So many threads do the work that follows replies, of at most `calls` at once.
class WorkPool {
 public:
  WorkPool(std::uint32_t threads, std::uint32_t calls) : jobs_(calls) {
    for (std::uint32_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this] {
        while (auto job = jobs_.pop()) (*job)();
      });
    }
  }
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;
  ~WorkPool() { jobs_.close(); }

  /// Waits for its turn and its result. For any thread.
  Reply work_on(const Scenario& scenario, const Reply& reply) {
    Job job([&scenario, reply] { return digest(scenario, reply); });
    std::future<Reply> result = job.get_future();
    jobs_.push(std::move(job));
    return result.get();
  }

 private:
  using Job = std::packaged_task<Reply()>;

  BoundedQueue<std::queue<Job>> jobs_;
  std::vector<std::jthread> threads_;
};

}  // namespace fanbench
