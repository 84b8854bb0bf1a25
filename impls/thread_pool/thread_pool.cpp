// The arena that the thread pool's workloads run in.
#include "impls/thread_pool/thread_pool.hpp"

#include <thread>

namespace fanbench {
namespace {

/// The calling thread, the arena's workers, and one for each core where `mixed` offloads. None is made before
/// a task needs it.
std::size_t most_threads(std::size_t workers) { return 1 + workers + std::thread::hardware_concurrency(); }

}  // namespace

ThreadPool::ThreadPool(const Setup& setup)
    : workers_(setup.workers),
      threads_(tbb::global_control::max_allowed_parallelism, most_threads(setup.workers)),
      arena_(static_cast<int>(setup.workers), 0),
      client_(make_blocking_client(setup)) {}

ThreadPool::~ThreadPool() {
  arena_.terminate();
  tbb::finalize(scheduler_,
                std::nothrow);  // ends oneTBB's threads, which would else stay until the process ends
}

}  // namespace fanbench
