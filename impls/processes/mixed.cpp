// Worker processes make the calls and do the work; this process hands both out.
#include <deque>
#include <vector>

#include "impls/processes/processes.hpp"

namespace fanbench::processes {
namespace {

/// The worker that has a reply does its work as well.
void work_in_line(ProcessPool& pool, const Scenario& scenario) {
  for (CallId next = 0; next < scenario.calls || pool.busy() > 0;) {
    if (next < scenario.calls && !pool.full()) {
      pool.submit(Task::call_and_digest, next++);
    } else {
      pool.wait_for_one();
    }
  }
}

/// Work is a job of its own, of which there are no more at once than CPUs.
void offload_work(ProcessPool& pool, const Scenario& scenario) {
  std::deque<CallId> replied;     // their work waits
  std::vector<CallId> worked_on;  // by a worker
  for (CallId next = 0; next < scenario.calls || pool.busy() > 0 || !replied.empty();) {
    if (!replied.empty() && worked_on.size() < scenario.cpus && !pool.full()) {
      pool.submit(Task::digest, worked_on.emplace_back(replied.front()));
      replied.pop_front();
    } else if (next < scenario.calls && !pool.full()) {
      pool.submit(Task::call, next++);
    } else {
      const CallId ended = pool.wait_for_one();
      if (std::erase(worked_on, ended) == 0) replied.push_back(ended);
    }
  }
}

}  // namespace

void mixed(ProcessPool& pool, const Scenario& scenario, Recorder&) {
  (scenario.placement == Placement::offload ? offload_work : work_in_line)(pool, scenario);
}

}  // namespace fanbench::processes
