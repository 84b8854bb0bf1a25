// Each subscriber is a coroutine that sleeps in the event loop between messages. The last of them to enter
// the room wakes the publisher, whose failure would cancel them.
#include <boost/asio/dispatch.hpp>

#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"
#include "impls/http/messages.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> subscribe(AsyncClient& client, const Scenario& scenario, CallId id, Join& outside,
                          Recorder& recorder) {
  co_await asio::this_coro::throw_if_cancelled(false);
  const auto cancellation = co_await asio::this_coro::cancellation_state;
  Subscription subscription(scenario, id, recorder);
  recorder.start(id);
  const auto socket = co_await client.enter_room(scenario.run);
  asio::dispatch(outside.ended.get_executor(), [&outside] { CountDown{outside}(nullptr); });
  while (!subscription.complete()) {
    const auto text = co_await socket->hear();
    if (!text) break;
    subscription.take(*text);
  }
  recorder.finish(id, subscription.reply(cancellation.cancelled() != asio::cancellation_type::none));
}

/// Ends where it fails; else the end of the subscribers ends it.
Awaitable<void> publish(AwaitableSocket& socket, const Scenario& scenario, Join& outside,
                        Recorder& recorder) {
  co_await wait_for(outside);
  Timer timer(co_await asio::this_coro::executor);
  for (Publication publication(scenario, recorder); !publication.over();) {
    timer.expires_at(publication.due());
    co_await timer.async_wait(asio::deferred);
    const std::string text = publication.take();
    const bool said = co_await socket.say(text);
    if (!said) co_return recorder.note(publisher_failed);
  }
  timer.expires_at(Timer::time_point::max());
  co_await timer.async_wait(asio::deferred);
}

}  // namespace

Awaitable<void> broadcast(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  const auto publisher = co_await lanes.of(0).client.enter_room(scenario.run);
  Join outside{.running = scenario.calls, .ended = Timer(loop, Timer::time_point::max())};
  std::vector<Prepared> subscribers;
  for (CallId id = 0; id < scenario.calls; ++id) {
    const auto& [there, client] = lanes.of(id);
    subscribers.push_back({there, subscribe(client, scenario, id, outside, recorder)});
  }
  auto first = join_group(std::move(subscribers)) || publish(*publisher, scenario, outside, recorder);
  co_await std::move(first);
}

}  // namespace fanbench::coroutines
