// All streams at once on one thread: each is read by a coroutine that sleeps in the event loop between its
// events.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"
#include "impls/http/events.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> read_stream(AwaitableClient& client, const Scenario& scenario, CallId id,
                            Recorder& recorder) {
  EventReader events(id, recorder);
  const Request request{.run = scenario.run, .id = id, .reader = &events};
  co_await call(client, request, recorder);
}

}  // namespace

Awaitable<void> stream(AwaitableClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  std::vector<Prepared> streams;
  for (CallId id = 0; id < scenario.calls; ++id) {
    streams.push_back(prepare(loop, read_stream(client, scenario, id, recorder)));
  }
  co_await join_all(std::move(streams));
}

}  // namespace fanbench::coroutines
