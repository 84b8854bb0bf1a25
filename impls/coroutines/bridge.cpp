// Every caller is an ordinary thread, which spawns each of its calls on the loop and blocks for the future of
// its reply. The loop goes on meanwhile in the thread that runs it, and must not be blocked for the callers:
// the last of them tells it. Who can't have all callers serves those that there are, before it says so.
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <thread>

#include "impls/blocking/asking.hpp"
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {

Awaitable<void> bridge(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  const auto ask = [&lanes, &scenario, &recorder](const Request& request) {
    const auto& [there, client] = lanes.of(request.id / calls_of_each(scenario));
    return asio::co_spawn(there, call<Reply>(client, request, recorder), asio::use_future).get();
  };
  Join callers{.running = 0, .ended = Timer(loop, Timer::time_point::max())};
  std::vector<std::jthread> threads;
  try {
    for (CallId first = 0; first < scenario.calls; first += calls_of_each(scenario)) {
      threads.emplace_back([&scenario, &recorder, &callers, &ask, loop, first] {
        ask_in_turn(scenario, first, recorder, ask);
        asio::post(loop, [&callers] { CountDown{callers}(nullptr); });
      });
      ++callers.running;
    }
  } catch (const std::system_error&) {
    callers.failure = std::current_exception();
  }
  co_await wait_for(callers);
}

}  // namespace fanbench::coroutines
