// Each page is a group of hedged calls that races a timer, if there is a deadline; all pages share the tokens
// for second copies.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/hedging.hpp"

namespace fanbench::coroutines {
namespace {

Awaitable<void> one_page(Hedging& run, CallId first) {
  std::vector<Prepared> calls;
  for (CallId id = first; id < first + run.scenario.services; ++id)
    calls.push_back({run.lanes.of(id).loop, hedged_call(run, id)});
  const bool may_wait = run.deadline == Timer::time_point::max();
  auto all = may_wait ? join_all(std::move(calls)) : within(run.deadline, join_group(std::move(calls)));
  co_await std::move(all);
}

}  // namespace

Awaitable<void> page(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  Hedging run(lanes, scenario, recorder);
  std::vector<Prepared> pages;
  for (CallId first = 0; first < scenario.calls; first += scenario.services)
    pages.push_back({loop, one_page(run, first)});
  co_await join_all(std::move(pages));
}

}  // namespace fanbench::coroutines
