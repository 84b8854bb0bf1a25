// All streams at once: each has a coroutine that sleeps until it ends, while the client hands its events to a
// reader. Where they have a deadline the group of them races a timer, which cancels what is left of it.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"
#include "impls/http/events.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> read_stream(AsyncClient& client, const Scenario& scenario, CallId id, Recorder& recorder) {
  co_await asio::this_coro::throw_if_cancelled(false);
  EventReader events(id, recorder);
  const Request request{.run = scenario.run, .id = id, .reader = &events};
  recorder.start(id);
  Reply reply = co_await client.get(request);
  if (reply.verdict == Verdict::cancelled) reply.verdict = Verdict::timed_out;
  recorder.finish(id, reply);
}

}  // namespace

Awaitable<void> stream(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  std::vector<Prepared> streams;
  for (CallId id = 0; id < scenario.calls; ++id) {
    const auto& [loop, client] = lanes.of(id);
    streams.push_back({loop, read_stream(client, scenario, id, recorder)});
  }
  auto all = scenario.deadline > Nanoseconds::zero()
                 ? within(recorder.began() + scenario.deadline, join_group(std::move(streams)))
                 : join_all(std::move(streams));
  co_await std::move(all);
}

}  // namespace fanbench::coroutines
