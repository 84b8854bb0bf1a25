// A coroutine for each call; a channel that holds `limit` permits lets so many of them call at once, in
// arrival order. One that waits takes about 640 bytes: its own frame and the one by which co_spawn started
// it, each some 280, and its wait in the channel, with what malloc adds.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"
#include "impls/coroutines/permits.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> call_with_permit(AsyncClient& client, Request request, Permits& permits, Recorder& recorder) {
  const LiveTask task(recorder);
  co_await permits.async_receive(asio::deferred);
  const Permit permit{&permits};
  co_await call(client, request, recorder);
}

}  // namespace

Awaitable<void> semaphore(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  Permits permits(lanes.of(0).loop, scenario.limit);
  fill(permits);
  std::vector<Prepared> calls;
  calls.reserve(scenario.calls);
  for (CallId id = 0; id < scenario.calls; ++id) {
    const auto& [loop, client] = lanes.of(id);
    calls.push_back({loop, call_with_permit(client, {scenario.run, id}, permits, recorder)});
  }
  co_await join_all(std::move(calls));
}

}  // namespace fanbench::coroutines
