// Streamed: a coroutine takes its item through all stages. Barrier: all items finish a stage, then all begin
// the next.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> stream_item(AsyncClient& client, const Scenario& scenario, CallId first, Recorder& recorder) {
  Reply reply = co_await call<Reply>(client, {scenario.run, first}, recorder);
  CallId id = first + 1;
  for (; reply.more; ++id) {
    recorder.ready(id);
    reply = co_await call<Reply>(client, {.run = scenario.run, .id = id, .cursor = reply.answer}, recorder);
  }
  recorder.leave_out(id, first + Scenario::stages);  // none, unless a stage failed
}

/// One stage of one item. `cursor` is the answer of the stage before, and then of this one.
Awaitable<void> do_stage(AsyncClient& client, Request request, std::uint64_t& cursor, Recorder& recorder) {
  const Reply reply = co_await call<Reply>(client, request, recorder);
  cursor = reply.answer;
}

Awaitable<void> stream_all(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  std::vector<Prepared> items;
  for (CallId first = 0; first < scenario.calls; first += Scenario::stages) {
    const auto& [loop, client] = lanes.of(first / Scenario::stages);
    items.push_back({loop, stream_item(client, scenario, first, recorder)});
  }
  co_await join_all(std::move(items));
}

Awaitable<void> stage_by_stage(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  std::vector<std::uint64_t> cursors(scenario.calls / Scenario::stages);
  for (std::uint32_t stage = 0; stage < Scenario::stages; ++stage) {
    std::vector<Prepared> items;
    for (std::uint32_t item = 0; item < cursors.size(); ++item) {
      const auto& [loop, client] = lanes.of(item);
      const CallId id = item * Scenario::stages + stage;
      const Request request{.run = scenario.run, .id = id, .cursor = cursors[item]};
      recorder.ready(id);
      items.push_back({loop, do_stage(client, request, cursors[item], recorder)});
    }
    co_await join_all(std::move(items));
  }
}

}  // namespace

Awaitable<void> pipeline(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  return scenario.mode == Mode::streamed ? stream_all(lanes, scenario, recorder)
                                         : stage_by_stage(lanes, scenario, recorder);
}

}  // namespace fanbench::coroutines
