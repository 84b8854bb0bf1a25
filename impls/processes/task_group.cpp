// Each call goes to an idle worker process; the first failure has a signal make the others give up their
// calls.
#include "impls/processes/processes.hpp"

namespace fanbench {

void Processes::task_group(const Scenario& scenario, Recorder& recorder) {
  pool_.begin(scenario, recorder);
  CallId next = 0;
  while (recorder.chosen() == Recorder::none && (next < scenario.calls || pool_.busy() > 0)) {
    if (next < scenario.calls && !pool_.full()) {
      pool_.submit(Task::call, next++);
      continue;
    }
    const CallId ended = pool_.wait_for_one();
    if (recorder.records()[ended].verdict != Verdict::ok) recorder.choose(ended);
  }
  pool_.cancel_all();
  for (; next < scenario.calls; ++next) recorder.finish(next, {.verdict = Verdict::cancelled});
}

}  // namespace fanbench
