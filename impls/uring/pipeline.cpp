// Stage by stage, all items at once and a wait between the stages; or each item a coroutine of its own that
// goes from stage to stage.
#include <vector>

#include "impls/uring/uring.hpp"

namespace fanbench::uring {
namespace {

Task<> stream_item(Fanout& fanout, CallId first) {
  Reply reply = co_await call<Reply>(fanout, {fanout.scenario.run, first});
  CallId id = first + 1;
  for (; reply.more; ++id) {
    fanout.recorder.ready(id);
    reply = co_await call<Reply>(fanout, {.run = fanout.scenario.run, .id = id, .cursor = reply.answer});
  }
  fanout.recorder.leave_out(id, first + Scenario::stages);  // none, unless a stage failed
}

/// One stage of one item. `cursor` is the answer of the stage before, and then of this one.
Task<> do_stage(Fanout& fanout, CallId id, std::uint64_t& cursor) {
  fanout.recorder.ready(id);
  const Reply reply = co_await call<Reply>(fanout, {.run = fanout.scenario.run, .id = id, .cursor = cursor});
  cursor = reply.answer;
}

Task<> stream_all(Fanout& fanout) {
  Join items;
  for (CallId first = 0; first < fanout.scenario.calls; first += Scenario::stages)
    items.spawn(stream_item(fanout, first));
  co_await items;
}

Task<> stage_by_stage(Fanout& fanout) {
  std::vector<std::uint64_t> cursors(fanout.scenario.calls / Scenario::stages);
  for (std::uint32_t stage = 0; stage < Scenario::stages; ++stage) {
    Join items;
    for (CallId item = 0; item < cursors.size(); ++item)
      items.spawn(do_stage(fanout, item * Scenario::stages + stage, cursors[item]));
    co_await items;
  }
}

}  // namespace

Task<> pipeline(Fanout& fanout) {
  return fanout.scenario.mode == Mode::streamed ? stream_all(fanout) : stage_by_stage(fanout);
}

}  // namespace fanbench::uring
