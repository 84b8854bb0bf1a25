// A pool of worker processes, each of which makes one call at a time.
#pragma once

#include <span>
#include <vector>

#include "impls/contract.hpp"
#include "impls/processes/fork_server.hpp"
#include "impls/processes/worker.hpp"

namespace fanbench {

/// For one thread. Calls are submitted to idle workers and awaited one by one; what comes of them is in the
/// recorder.
class WorkerPool {
 public:
  explicit WorkerPool(const Setup& setup);
  ~WorkerPool();

  /// Begins a run: the calls are those of this scenario and are taken down here. Dead workers are replaced.
  void begin(const Scenario& scenario, Recorder& recorder);
  /// Hands the call to an idle worker. Where there is none it waits for one first, or replaces a dead one.
  void submit(Task task, CallId id);
  /// Waits until a call has ended and returns its id. At least one must be under way.
  CallId wait_for_one();
  void wait_for_all();
  /// Has the busy workers give up their calls, and waits until they have: their connections are closed.
  void cancel_all();

  std::uint32_t busy() const noexcept { return busy_; }
  std::size_t size() const noexcept { return workers_.size(); }

 private:
  struct Worker {
    WorkerProcess process;
    CallId id = Recorder::none;  // the call that it makes
    std::uint32_t job = 0;
  };
  using Index = std::uint32_t;

  void start(Index worker);
  void replace_dead();
  void read_events();
  bool receive_done(Index worker);
  void retire(Index worker);

  UniqueFd shared_fd_;
  std::span<CallRecord> shared_;
  ForkServer fork_server_;
  UniqueFd epoll_;
  std::vector<Worker> workers_;
  std::vector<Index> idle_, dead_;
  std::vector<Index> ready_;  // those with news, the first at the back
  std::uint32_t busy_ = 0;
  std::uint32_t last_job_ = 0;
  Scenario scenario_;
  Recorder* recorder_ = nullptr;
};

}  // namespace fanbench
