// Producers put the ids into oneTBB's bounded queue and wait while it is full; consumers, which are tasks of
// the pool, take them out and make the calls.
#include <oneapi/tbb/concurrent_priority_queue.h>
#include <oneapi/tbb/concurrent_queue.h>

#include <atomic>
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {
namespace {

/// An item that waits in the queue, where oneTBB makes it as soon as there is room.
struct Item {
  Item() = default;
  Item(CallId call, Recorder& recorder) : id(call) { recorder.ready(call); }
  CallId id = 0;
};
class Oldest {
 public:
  explicit Oldest(const Scenario& scenario) { items_.set_capacity(scenario.capacity); }
  void push(CallId id, Recorder& recorder) { items_.emplace(id, recorder); }
  CallId pop() {
    Item item;
    items_.pop(item);
    return item.id;
  }

 private:
  onetbb::concurrent_bounded_queue<Item> items_;
};

/// oneTBB's priority queue orders items and knows no bounds, its bounded queue is the other way round: so an
/// item is in the one and its place in the other. A stack, which oneTBB has not, is a priority queue in which
/// each item comes before all older ones.
class Highest {
 public:
  explicit Highest(const Scenario& scenario) : scenario_(scenario) {
    places_.set_capacity(scenario.capacity);
  }
  void push(CallId id, Recorder& recorder) { places_.emplace(*this, id, recorder); }
  CallId pop() {
    Place place;
    places_.pop(place);
    Ranked item;
    items_.try_pop(item);  // never in vain: each place was made together with an item
    return item.second;
  }

 private:
  using Ranked = std::pair<std::uint64_t, CallId>;
  struct Place {
    Place() = default;
    Place(Highest& queue, CallId id, Recorder& recorder) {
      recorder.ready(id);
      const bool newest_first = queue.scenario_.order == Order::lifo;
      queue.items_.emplace(newest_first ? queue.pushed_++ : priority(queue.scenario_, id), id);
    }
  };
  const Scenario& scenario_;
  std::atomic<std::uint64_t> pushed_ = 0;
  onetbb::concurrent_priority_queue<Ranked> items_;
  onetbb::concurrent_bounded_queue<Place> places_;
};

template <class Queue>
void produce_and_consume(onetbb::task_arena& arena, BlockingClient& client, const Scenario& scenario,
                         Recorder& recorder) {
  Queue queue(scenario);
  // Threads of their own: a producer that waits for room would keep a thread of the pool from making calls.
  std::vector<std::jthread> producers;
  for (std::uint32_t producer = 0; producer < scenario.producers; ++producer) {
    producers.emplace_back([&, producer] {
      for (CallId id = producer; id < scenario.calls; id += scenario.producers) queue.push(id, recorder);
    });
  }
  std::atomic<std::uint32_t> claimed = 0;
  run_tasks(arena, scenario.consumers, [&](std::uint32_t) {
    while (claimed++ < scenario.calls) call(client, {scenario.run, queue.pop()}, recorder);
  });
}

}  // namespace

void producer_consumer(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  const auto run = scenario.order == Order::fifo ? produce_and_consume<Oldest> : produce_and_consume<Highest>;
  run(pool.arena, *pool.client, scenario, recorder);
}

}  // namespace fanbench::tbb
