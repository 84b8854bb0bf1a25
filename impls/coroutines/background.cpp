// The request spawns its side calls, awaits its own and returns. What a side call throws comes out in the
// handler that it was spawned with: whoever spawns with asio::detached loses it.
#include <stdexcept>

#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {
namespace {

struct SideCallFailed : std::runtime_error {
  explicit SideCallFailed(std::uint16_t with) : std::runtime_error("a side call failed"), status(with) {}

  std::uint16_t status;  // 0 where none came
};

Awaitable<void> side_call(AsyncClient& client, Request request, Recorder& recorder) {
  const Reply reply = co_await call<Reply>(client, request, recorder);
  if (reply.verdict != Verdict::ok) throw SideCallFailed(reply.status);
}

/// What a side call does when it has ended.
struct Report {
  CallId id;
  Recorder& recorder;
  Join& side;

  void operator()(std::exception_ptr thrown) const {
    try {
      if (thrown) std::rethrow_exception(thrown);
    } catch (const SideCallFailed& failure) {
      recorder.event(id, 0, failure.status);
      thrown = nullptr;
    } catch (...) {
    }
    CountDown{side}(thrown);
  }
};

}  // namespace

Awaitable<void> background(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  if (scenario.calls == 0) co_return;
  const auto loop = co_await asio::this_coro::executor;
  Join side{.running = scenario.calls - 1, .ended = Timer(loop, Timer::time_point::max())};
  for (CallId id = 1; id < scenario.calls; ++id) {
    const auto& [there, client] = lanes.of(id);
    auto ended = asio::bind_executor(loop, Report{id, recorder, side});
    asio::co_spawn(there, side_call(client, {scenario.run, id}, recorder), std::move(ended));
  }
  std::exception_ptr failure;
  try {
    co_await call(lanes.of(0).client, {scenario.run, 0}, recorder);
    recorder.event(Recorder::none, 0, 0);  // the request returns here
  } catch (...) {
    failure = std::current_exception();  // for the side calls use what is here, until they have ended
  }
  co_await wait_for(side);
  if (failure) std::rethrow_exception(failure);
}

}  // namespace fanbench::coroutines
