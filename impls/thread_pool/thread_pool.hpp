// The thread pool model: `workers` threads of a oneTBB arena take the calls as tasks and block in them.
// oneTBB is made for work, not for waiting: a thread without a task spins before it sleeps, the longer the
// more slots its arena has.
#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <memory>

#include "impls/contract.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench {

class ThreadPool final : public Model {
 public:
  explicit ThreadPool(const Setup& setup);
  ~ThreadPool() override;

  void gather(const Scenario& scenario, Recorder& recorder) override;
  void all_settled(const Scenario& scenario, Recorder& recorder) override;
  void task_group(const Scenario& scenario, Recorder& recorder) override;
  void first_completed(const Scenario& scenario, Recorder& recorder) override;
  void timeout(const Scenario& scenario, Recorder& recorder) override;
  void semaphore(const Scenario& scenario, Recorder& recorder) override;
  void worker_pool(const Scenario& scenario, Recorder& recorder) override;
  void producer_consumer(const Scenario& scenario, Recorder& recorder) override;
  void pipeline(const Scenario& scenario, Recorder& recorder) override;
  void retry(const Scenario& scenario, Recorder& recorder) override;
  void paginate(const Scenario& scenario, Recorder& recorder) override;
  void mixed(const Scenario& scenario, Recorder& recorder) override;
  void cpu(const Scenario& scenario, Recorder& recorder) override;

 private:
  std::uint32_t workers_;
  tbb::task_scheduler_handle scheduler_{tbb::attach{}};
  tbb::global_control
      threads_;  // oneTBB makes as many threads as there are cores unless it is told that more may be
  tbb::task_arena arena_;  // without a slot for the calling thread, which only waits
  std::unique_ptr<BlockingClient> client_;
};

}  // namespace fanbench
