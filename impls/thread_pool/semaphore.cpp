// A task for each call, and a permit that tasks do not block for: a thread that waited for one would be lost
// to the calls that have theirs. Who finds none waits in a queue, and a permit that comes back starts the
// next.
#include <deque>
#include <functional>
#include <latch>
#include <mutex>

#include "impls/blocking/call.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {
namespace {

class Permits {
 public:
  Permits(asio::thread_pool& threads, std::uint32_t permits) : threads_(threads), permits_(permits) {}

  /// Starts the task when it has a permit, which release() gives back.
  void acquire(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(task));
    start_next();
  }
  void release() {
    const std::lock_guard lock(mutex_);
    ++permits_;
    start_next();
  }

 private:
  void start_next() {
    if (permits_ == 0 || waiting_.empty()) return;
    --permits_;
    asio::post(threads_, std::move(waiting_.front()));
    waiting_.pop_front();
  }

  asio::thread_pool& threads_;
  std::mutex mutex_;
  std::uint32_t permits_;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace

void semaphore(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  Permits permits(pool.threads, scenario.limit);
  std::latch left(scenario.calls);
  for (CallId id = 0; id < scenario.calls; ++id) {
    recorder.task_begins();  // it lives from now on, most of the time in a queue
    permits.acquire([&, id] {
      call(*pool.client, {scenario.run, id}, recorder);
      recorder.task_ends();
      permits.release();
      left.count_down();
    });
  }
  left.wait();
}

}  // namespace fanbench::thread_pool
