// A pool of worker processes, each of which does one job at a time.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "impls/contract/model.hpp"
#include "impls/processes/fork_server.hpp"
#include "impls/processes/shared_records.hpp"
#include "impls/processes/worker.hpp"

namespace fanbench::processes {

/// For one thread, which keeps the heartbeat while it hands out jobs and waits for them. Jobs are submitted
/// to idle workers and awaited one by one; what comes of their calls is in the recorder, of which each job is
/// a live task.
class ProcessPool {
 public:
  explicit ProcessPool(const Setup& setup);
  ~ProcessPool();

  /// Has a connection open and idle in so many of the workers, or all there are.
  void warm(std::uint32_t in_flight);
  /// Begins a run: the calls are those of this scenario and are taken down here. Dead workers are replaced.
  void begin(const Scenario& scenario, Recorder& recorder);
  /// Hands a job on the calls from `id` on, at least one, to an idle worker or to one that replaces a dead
  /// one. Where all are busy it waits for one first. `cursor`: what a call brings along, see Request.
  void submit(Task task, CallId id, std::uint32_t calls = 1, std::uint64_t cursor = 0);
  /// The same of one attempt at the call, perhaps beside others.
  void submit_copy(CallId id, Attempt attempt);
  /// Waits until a job has ended, or tells that it is halfway, and returns its first call. At least one must
  /// be under way.
  CallId wait_for_one();
  /// The same; nothing where none has ended by then, or somebody woke it up.
  std::optional<CallId> wait_for_one(Recorder::Clock::time_point until);
  /// Ends a wait with a time, now or when it comes. For any thread.
  void wake();
  void wait_for_all();
  /// Has the busy workers give up those of their calls of which this is true: their connections are closed.
  void cancel(const std::function<bool(CallId)>& unwanted);
  /// All of them, and waits until they have.
  void cancel_all();

  const Setup& setup() const noexcept { return setup_; }  // of its workers' clients
  std::uint32_t busy() const noexcept { return busy_; }
  bool full() const noexcept { return busy_ == workers_.size(); }
  std::size_t size() const noexcept { return workers_.size(); }

 private:
  struct Worker {
    WorkerProcess process;
    std::uint32_t job = 0;
    CallId id = Recorder::none;  // the first of the job's calls
    std::uint32_t calls = 0;
  };
  using Index = std::uint32_t;

  void start(Index worker);
  void hand_out(Job job, std::uint32_t calls);
  void replace_dead();
  bool read_events(Recorder::Clock::time_point until);
  bool receive_done(Index worker);
  void retire(Index worker);
  void catch_up_beats();
  void end_job(Worker& worker);

  const Setup setup_;
  SharedRecords shared_;
  ForkServer fork_server_;
  UniqueFd epoll_, woken_;
  std::vector<Worker> workers_;
  std::vector<Index> idle_, dead_;
  std::vector<Index> ready_;  // those with news, the first at the back
  std::uint32_t busy_ = 0;
  std::uint32_t last_job_ = 0;
  std::uint32_t tick_ = 0;  // of the heartbeat, the next
  Scenario scenario_;
  Recorder* recorder_ = nullptr;
};

}  // namespace fanbench::processes
