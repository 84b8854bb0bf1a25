// A coroutine for each stream reads page after page; with prefetch it awaits the next page and its consumer
// together.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> consume(const Scenario& scenario) {
  Timer timer(co_await asio::this_coro::executor, scenario.consume);
  co_await timer.async_wait(asio::deferred);
}

Awaitable<void> read_stream(AsyncClient& client, const Scenario& scenario, CallId first, Recorder& recorder) {
  Reply page = co_await call<Reply>(client, {scenario.run, first}, recorder);
  CallId id = first + 1;
  for (; page.more; ++id) {
    const Request next{.run = scenario.run, .id = id, .cursor = page.answer};
    if (scenario.prefetch == 0) {
      co_await consume(scenario);
      recorder.ready(id);
      page = co_await call<Reply>(client, next, recorder);
    } else {
      recorder.ready(id);
      auto both = call<Reply>(client, next, recorder) && consume(scenario);
      page = co_await std::move(both);
    }
  }
  if (page.verdict == Verdict::ok) co_await consume(scenario);
  recorder.leave_out(id, first + scenario.pages);  // none, unless a page failed
}

}  // namespace

Awaitable<void> paginate(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  std::vector<Prepared> streams;
  for (CallId first = 0; first < scenario.calls; first += scenario.pages) {
    const auto& [loop, client] = lanes.of(first / scenario.pages);
    streams.push_back({loop, read_stream(client, scenario, first, recorder)});
  }
  co_await join_all(std::move(streams));
}

}  // namespace fanbench::coroutines
