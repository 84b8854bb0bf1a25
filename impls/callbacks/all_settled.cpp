// All calls at once; a failed one disturbs no other: its handler gets the failure as it would get a reply.
#include "impls/callbacks/callbacks.hpp"
#include "impls/callbacks/pending.hpp"

namespace fanbench::callbacks {

void all_settled(Fanout& fanout) {
  Pending calls(fanout.loop, fanout.scenario.calls);
  for (CallId id = 0; id < fanout.scenario.calls; ++id) {
    fanout.call({fanout.scenario.run, id}, [&calls](const Reply&) { calls.end(); });
  }
  calls.wait();
}

}  // namespace fanbench::callbacks
