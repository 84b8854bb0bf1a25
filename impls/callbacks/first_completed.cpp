// All calls at once; the first reply cancels the others. The race ends when all handlers were invoked.
#include "impls/callbacks/group.hpp"

namespace fanbench::callbacks {
namespace {

struct Race {
  Fanout& fanout;
  Pending calls;
  Cancellations cancellations;
  bool won = false;

  void ended(CallId id) {
    if (!won) {
      won = true;
      fanout.recorder.choose(id);
      cancellations.cancel_all();
    }
    calls.end();
  }
};

}  // namespace

void first_completed(Fanout& fanout) {
  const std::uint32_t replicas = fanout.scenario.calls;
  Race race{fanout, Pending(fanout.loop, replicas), Cancellations(replicas)};
  for (CallId id = 0; id < replicas; ++id) {
    fanout.call({fanout.scenario.run, id}, race.cancellations.of(id),
                [&race, id](const Reply&) { race.ended(id); });
  }
  race.calls.wait();
}

}  // namespace fanbench::callbacks
