// All calls at once on one thread: each is a handler that the loop invokes when its reply has come.
#include "impls/callbacks/callbacks.hpp"
#include "impls/callbacks/pending.hpp"

namespace fanbench::callbacks {

void gather(Fanout& fanout) {
  Pending calls(fanout.loop, fanout.scenario.calls);
  for (CallId id = 0; id < fanout.scenario.calls; ++id) {
    fanout.call({fanout.scenario.run, id}, [&calls](const Reply&) { calls.end(); });
  }
  calls.wait();
}

}  // namespace fanbench::callbacks
