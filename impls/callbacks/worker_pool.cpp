// `limit` workers, each of which is the call that it has under way: its handler takes the next id, until
// there is none.
#include <algorithm>

#include "impls/callbacks/callbacks.hpp"
#include "impls/callbacks/pending.hpp"

namespace fanbench::callbacks {
namespace {

struct Workers {
  Fanout& fanout;
  Pending working;
  CallId next = 0;

  void begin() {
    fanout.recorder.task_begins();
    work();
  }
  void work() {
    if (next < fanout.scenario.calls)
      return fanout.call({fanout.scenario.run, next++}, [this](const Reply&) { work(); });
    fanout.recorder.task_ends();
    working.end();
  }
};

}  // namespace

void worker_pool(Fanout& fanout) {
  const std::uint32_t limit = std::min(fanout.scenario.limit, fanout.scenario.calls);
  Workers workers{fanout, Pending(fanout.loop, limit)};
  for (std::uint32_t i = 0; i < limit; ++i) workers.begin();
  workers.working.wait();
}

}  // namespace fanbench::callbacks
