// Worker processes make the calls and do the work; this process hands both out and, while it waits, keeps the
// heartbeat.
#include <deque>
#include <vector>

#include "impls/processes/processes.hpp"

namespace fanbench::processes {
namespace {

class Heartbeat {
 public:
  Heartbeat(ProcessPool& pool, Recorder& recorder) : pool_(pool), recorder_(recorder) {}

  void catch_up() {
    while (Recorder::Clock::now() >= recorder_.beat_due(tick_)) recorder_.beat(tick_++);
  }
  CallId wait_for_one() {
    for (;;) {
      const auto ended = pool_.wait_for_one(recorder_.beat_due(tick_));
      catch_up();
      if (ended) return *ended;
    }
  }

 private:
  ProcessPool& pool_;
  Recorder& recorder_;
  std::uint32_t tick_ = 0;
};

/// The worker that has a reply does its work as well.
void work_in_line(ProcessPool& pool, const Scenario& scenario, Heartbeat& heartbeat) {
  for (CallId next = 0; next < scenario.calls || pool.busy() > 0;) {
    heartbeat.catch_up();
    if (next < scenario.calls && !pool.full()) {
      pool.submit(Task::call_and_digest, next++);
    } else {
      heartbeat.wait_for_one();
    }
  }
}

/// Work is a job of its own, of which there are no more at once than CPUs.
void offload_work(ProcessPool& pool, const Scenario& scenario, Heartbeat& heartbeat) {
  std::deque<CallId> replied;     // their work waits
  std::vector<CallId> worked_on;  // by a worker
  for (CallId next = 0; next < scenario.calls || pool.busy() > 0 || !replied.empty();) {
    heartbeat.catch_up();
    if (!replied.empty() && worked_on.size() < scenario.cpus && !pool.full()) {
      pool.submit(Task::digest, worked_on.emplace_back(replied.front()));
      replied.pop_front();
    } else if (next < scenario.calls && !pool.full()) {
      pool.submit(Task::call, next++);
    } else {
      const CallId ended = heartbeat.wait_for_one();
      if (std::erase(worked_on, ended) == 0) replied.push_back(ended);
    }
  }
}

}  // namespace

void mixed(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  Heartbeat heartbeat(pool, recorder);
  (scenario.placement == Placement::offload ? offload_work : work_in_line)(pool, scenario, heartbeat);
}

}  // namespace fanbench::processes
