// Each call, or the whole group of them, races a timer; whichever ends first cancels the other.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> call_or_time_out(AsyncClient& client, Request request, Recorder& recorder) {
  co_await asio::this_coro::throw_if_cancelled(false);
  recorder.start(request.id);
  Reply reply = co_await client.get(request);
  if (reply.verdict == Verdict::cancelled) reply.verdict = Verdict::timed_out;
  recorder.finish(request.id, reply);
}

Awaitable<void> call_in_time(AsyncClient& client, const Scenario& scenario, CallId id, Recorder& recorder) {
  const auto deadline = Timer::clock_type::now() + scenario.deadline;
  co_await within(deadline, call_or_time_out(client, {scenario.run, id}, recorder));
}

}  // namespace

Awaitable<void> timeout(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  const bool one_deadline = scenario.scope == Scope::group;
  std::vector<Prepared> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    const auto& [loop, client] = lanes.of(id);
    calls.push_back({loop, one_deadline ? call_or_time_out(client, {scenario.run, id}, recorder)
                                        : call_in_time(client, scenario, id, recorder)});
  }
  auto all = one_deadline ? within(recorder.began() + scenario.deadline, join_group(std::move(calls)))
                          : join_all(std::move(calls));
  co_await std::move(all);
}

}  // namespace fanbench::coroutines
