// `limit` coroutines for each host read its listings until the budget is over; work after a page is done on
// the loop, where all others wait for it, or offloaded to a pool of threads. One timer ends what is left at
// the end of the grace.
#include <algorithm>
#include <atomic>

#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"
#include "impls/coroutines/offload.hpp"

namespace fanbench::coroutines {
namespace {

struct Crawl {
  const Scenario& scenario;
  Recorder& recorder;
  CpuPool cpus;

  bool within_budget() const { return Timer::clock_type::now() < recorder.began() + scenario.deadline; }
};

/// The end of the grace cancels calls, and not the work on a page that has come. No call is begun after it.
Awaitable<Reply> offload_work(const Crawl& crawl, Reply page) {
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto work = digest_in_pool(crawl.scenario, page);
  page = co_await asio::co_spawn(crawl.cpus, std::move(work), as_coroutine);
  co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
  co_return page;
}

Awaitable<void> read_listing(const Crawl& crawl, AsyncClient& client, CallId first) {
  Reply page{.more = true};
  CallId id = first;
  for (; page.more && crawl.within_budget(); ++id) {
    if (id > first) crawl.recorder.ready(id);
    const Request request{.run = crawl.scenario.run, .id = id, .cursor = page.answer};
    crawl.recorder.start(id);
    page = co_await client.get(request);
    Reply result = page;
    if (page.verdict == Verdict::ok) {
      if (crawl.scenario.placement == Placement::in_line)
        result = digest(crawl.scenario, page);
      else
        result = co_await offload_work(crawl, page);
    }
    crawl.recorder.finish(id, result);
  }
  crawl.recorder.leave_out(id, first + crawl.scenario.pages);
}

/// One of a host's workers: its listings are those from `next` to before `end`.
Awaitable<void> read_listings(const Crawl& crawl, AsyncClient& client, std::atomic<CallId>& next,
                              CallId end) {
  co_await asio::this_coro::throw_if_cancelled(false);
  while (crawl.within_budget()) {
    const CallId first = next.fetch_add(crawl.scenario.pages);
    if (first >= end) break;
    co_await read_listing(crawl, client, first);
  }
}

}  // namespace

Awaitable<void> crawl(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  asio::thread_pool cpus(scenario.placement == Placement::offload ? scenario.cpus : 1);
  const Crawl crawl{scenario, recorder, cpus.get_executor()};
  const std::uint32_t calls_of_each = scenario.calls / scenario.hosts;
  std::vector<std::atomic<CallId>> next(scenario.hosts);
  for (std::uint32_t host = 0; host < scenario.hosts; ++host) next[host] = host * calls_of_each;
  std::vector<Prepared> workers;
  for (std::uint32_t i = 0; i < std::min(scenario.limit, calls_of_each / scenario.pages); ++i) {
    for (std::uint32_t host = 0; host < scenario.hosts; ++host) {
      const auto& [loop, client] = lanes.of(static_cast<std::uint32_t>(workers.size()));
      const CallId end = (host + 1) * calls_of_each;
      workers.push_back({loop, read_listings(crawl, client, next[host], end)});
    }
  }
  auto over = within(recorder.began() + scenario.deadline + scenario.grace, join_group(std::move(workers)));
  co_await std::move(over);
  for (std::uint32_t host = 0; host < scenario.hosts; ++host)
    recorder.leave_out(next[host], (host + 1) * calls_of_each);
}

}  // namespace fanbench::coroutines
