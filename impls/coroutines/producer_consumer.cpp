// Producers await room in a queue, consumers await items, each on its own loop; two channels count them. With
// fifo alone, one channel of items would be the whole queue.
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <map>
#include <mutex>
#include <optional>

#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {
namespace {

/// More than there are items would have nothing to do.
std::uint32_t consumers(const Scenario& scenario) { return std::min(scenario.consumers, scenario.calls); }

using Count = asio::experimental::concurrent_channel<Loop, void(boost::system::error_code)>;

class Queue {
 public:
  Queue(const Loop& loop, const Scenario& scenario)
      : scenario_(scenario), room_(loop, scenario.capacity), items_(loop, scenario.capacity) {
    while (room_.try_send(boost::system::error_code())) {
    }
  }

  Awaitable<void> put(CallId id, Recorder& recorder) {
    co_await room_.async_receive(asio::deferred);
    recorder.ready(id);
    add(id);
    items_.try_send(boost::system::error_code());
  }
  /// Nothing when the queue has ended.
  Awaitable<std::optional<CallId>> take() {
    auto [ended] = co_await items_.async_receive(asio::as_tuple(asio::deferred));
    if (ended) co_return std::nullopt;
    const CallId id = remove_next();
    room_.try_send(boost::system::error_code());
    co_return id;
  }
  /// Tells each consumer, behind all items. A channel that is closed would lose what is still in it.
  Awaitable<void> end() {
    for (std::uint32_t i = 0; i < consumers(scenario_); ++i) {
      co_await items_.async_send(asio::error::eof, asio::deferred);
    }
  }

 private:
  void add(CallId id) {
    const std::lock_guard lock(mutex_);
    by_rank_.emplace(rank(id), id);
  }
  CallId remove_next() {
    const std::lock_guard lock(mutex_);
    return by_rank_.extract(by_rank_.begin()).mapped();
  }
  /// The least is next.
  std::uint64_t rank(CallId id) {
    ++puts_;
    if (scenario_.order == Order::priority) return ~priority(scenario_, id);
    return scenario_.order == Order::fifo ? puts_ : ~puts_;
  }

  const Scenario& scenario_;
  Count room_, items_;
  std::mutex mutex_;  // of the two below
  std::map<std::uint64_t, CallId> by_rank_;
  std::uint64_t puts_ = 0;
};

Awaitable<void> produce(std::uint32_t producer, const Scenario& scenario, Queue& queue, Recorder& recorder) {
  for (CallId id = producer; id < scenario.calls; id += scenario.producers) co_await queue.put(id, recorder);
}

Awaitable<void> produce_all(const Scenario& scenario, Queue& queue, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  std::vector<Prepared> producers;
  for (std::uint32_t i = 0; i < scenario.producers; ++i) {
    producers.push_back({loop, produce(i, scenario, queue, recorder)});
  }
  co_await join_all(std::move(producers));
  co_await queue.end();
}

Awaitable<void> consume(AsyncClient& client, const Scenario& scenario, Queue& queue, Recorder& recorder) {
  while (const auto id = co_await queue.take()) co_await call(client, {scenario.run, *id}, recorder);
}

}  // namespace

Awaitable<void> producer_consumer(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  Queue queue(loop, scenario);
  std::vector<Prepared> everyone;
  for (std::uint32_t i = 0; i < consumers(scenario); ++i) {
    const auto& [there, client] = lanes.of(i);
    everyone.push_back({there, consume(client, scenario, queue, recorder)});
  }
  everyone.push_back({loop, produce_all(scenario, queue, recorder)});
  co_await join_all(std::move(everyone));
}

}  // namespace fanbench::coroutines
