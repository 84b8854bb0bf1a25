// All calls at once; the first that fails cancels the others. The group ends when all handlers were invoked.
#include "impls/callbacks/group.hpp"

namespace fanbench::callbacks {
namespace {

struct Group {
  Fanout& fanout;
  Pending calls;
  Cancellations cancellations;
  bool failed = false;

  void ended(CallId id, const Reply& reply) {
    if (!failed && reply.verdict != Verdict::ok) {
      failed = true;
      fanout.recorder.choose(id);
      cancellations.cancel_all();
    }
    calls.end();
  }
};

}  // namespace

void task_group(Fanout& fanout) {
  const std::uint32_t calls = fanout.scenario.calls;
  Group group{fanout, Pending(fanout.loop, calls), Cancellations(calls)};
  for (CallId id = 0; id < calls; ++id) {
    fanout.call({fanout.scenario.run, id}, group.cancellations.of(id),
                [&group, id](const Reply& reply) { group.ended(id, reply); });
  }
  group.calls.wait();
}

}  // namespace fanbench::callbacks
