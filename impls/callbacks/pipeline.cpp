// Stage by stage, all items at once and a wait between the stages; or item by item: the handler of one stage
// begins the next.
#include <vector>

#include "impls/callbacks/callbacks.hpp"
#include "impls/callbacks/pending.hpp"

namespace fanbench::callbacks {
namespace {

struct Streams {
  Fanout& fanout;
  Pending items;

  void do_stage(CallId id, std::uint64_t cursor) {
    fanout.call({.run = fanout.scenario.run, .id = id, .cursor = cursor},
                [this, id](const Reply& reply) { go_on(id + 1, reply); });
  }
  void go_on(CallId id, const Reply& reply) {
    if (reply.more) {
      fanout.recorder.ready(id);
      return do_stage(id, reply.answer);
    }
    const CallId first_of_next = (id - 1) / Scenario::stages * Scenario::stages + Scenario::stages;
    fanout.recorder.leave_out(id, first_of_next);  // none, unless a stage failed
    items.end();
  }
};

void stream_all(Fanout& fanout) {
  Streams streams{fanout, Pending(fanout.loop, fanout.scenario.calls / Scenario::stages)};
  for (CallId first = 0; first < fanout.scenario.calls; first += Scenario::stages) streams.do_stage(first, 0);
  streams.items.wait();
}

void stage_by_stage(Fanout& fanout) {
  std::vector<std::uint64_t> cursors(fanout.scenario.calls / Scenario::stages);
  for (std::uint32_t stage = 0; stage < Scenario::stages; ++stage) {
    Pending items(fanout.loop, cursors.size());
    for (std::size_t item = 0; item < cursors.size(); ++item) {
      const auto id = static_cast<CallId>(item * Scenario::stages + stage);
      std::uint64_t& cursor = cursors[item];
      fanout.recorder.ready(id);
      fanout.call({.run = fanout.scenario.run, .id = id, .cursor = cursor},
                  [&items, &cursor](const Reply& reply) {
                    cursor = reply.answer;
                    items.end();
                  });
    }
    items.wait();
  }
}

}  // namespace

void pipeline(Fanout& fanout) {
  fanout.scenario.mode == Mode::streamed ? stream_all(fanout) : stage_by_stage(fanout);
}

}  // namespace fanbench::callbacks
