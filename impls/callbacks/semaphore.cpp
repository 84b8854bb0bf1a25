// A handler for each call; those without a permit wait in a queue, as 32 bytes each, until a call that has
// ended gives its permit on.
#include "impls/callbacks/semaphore.hpp"

#include "impls/callbacks/callbacks.hpp"
#include "impls/callbacks/pending.hpp"

namespace fanbench::callbacks {
namespace {

struct Limited {
  Fanout& fanout;
  Pending calls;
  Semaphore permits;

  void begin(CallId id) {
    fanout.recorder.task_begins();
    permits.acquire([this, id] { call(id); });
  }
  void call(CallId id) {
    fanout.call({fanout.scenario.run, id}, [this](const Reply&) { end(); });
  }
  void end() {
    fanout.recorder.task_ends();
    permits.release();
    calls.end();
  }
};

}  // namespace

void semaphore(Fanout& fanout) {
  const Scenario& scenario = fanout.scenario;
  Limited limited{fanout, Pending(fanout.loop, scenario.calls), Semaphore(fanout.loop, scenario.limit)};
  for (CallId id = 0; id < scenario.calls; ++id) limited.begin(id);
  limited.calls.wait();
}

}  // namespace fanbench::callbacks
