// Each call goes to an idle worker process; the first failure has a signal make the others give up their
// calls.
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void task_group(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  CallId next = 0;
  while (recorder.chosen() == Recorder::none && (next < scenario.calls || pool.busy() > 0)) {
    if (next < scenario.calls && !pool.full()) {
      pool.submit(Task::call, next++);
      continue;
    }
    const CallId ended = pool.wait_for_one();
    if (recorder.records()[ended].verdict != Verdict::ok) recorder.choose(ended);
  }
  pool.cancel_all();
  for (; next < scenario.calls; ++next) recorder.finish(next, {.verdict = Verdict::cancelled});
}

}  // namespace fanbench::processes
