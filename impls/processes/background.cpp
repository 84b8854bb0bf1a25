// The request's call goes to a worker process, and the side calls to others. No exception crosses from a
// process to another: a failure comes back as a value, in the record of its call.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {
namespace {

void note_end(CallId id, Recorder& recorder) {
  const CallRecord& record = recorder.records()[id];
  if (id == 0)
    recorder.event(Recorder::none, 0, 0);  // the request returns here
  else if (record.verdict != Verdict::ok)
    recorder.event(id, 0, record.status);
}

}  // namespace

void background(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  CallId next = 0;
  while (next < scenario.calls || pool.busy() > 0) {
    if (next < scenario.calls && !pool.full())
      pool.submit(Task::call, next++);
    else
      note_end(pool.wait_for_one(), recorder);
  }
}

}  // namespace fanbench::processes
