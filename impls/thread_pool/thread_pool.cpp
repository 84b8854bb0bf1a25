// The arena that the thread pool's workloads run in.
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench {

ThreadPool::ThreadPool(const Setup& setup)
    : workers_(setup.workers),
      threads_(tbb::global_control::max_allowed_parallelism, setup.workers + 1),
      arena_(static_cast<int>(setup.workers), 0),
      client_(make_blocking_client(setup)) {}

ThreadPool::~ThreadPool() {
  arena_.terminate();
  tbb::finalize(scheduler_,
                std::nothrow);  // ends oneTBB's threads, which would else stay until the process ends
}

}  // namespace fanbench
