// Producers put the ids into a bounded queue and wait while it is full; consumers, which are tasks of the
// pool, take them out and make the calls.
#include <latch>
#include <thread>
#include <vector>

#include "impls/blocking/bounded_queue.hpp"
#include "impls/blocking/call.hpp"
#include "impls/blocking/items.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {
namespace {

template <class Items>
void produce_and_consume(Pool& pool, const Scenario& scenario, Recorder& recorder, Items items) {
  using Queue = BoundedQueue<Items>;
  Queue queue(scenario.capacity, std::move(items));
  const auto produce = [&](std::uint32_t producer) {
    for (CallId id = producer; id < scenario.calls; id += scenario.producers) {
      queue.push(id, [&] { recorder.ready(id); });
    }
  };
  // Threads of their own: a producer that waits for room would keep a thread of the pool from making calls.
  const std::jthread producers([&] {
    const typename Queue::CloseAtEnd close{queue};
    std::vector<std::jthread> threads;
    for (std::uint32_t producer = 0; producer < scenario.producers; ++producer) {
      threads.emplace_back(produce, producer);
    }
  });  // the queue is closed when they have been joined
  run_tasks(pool.threads, scenario.consumers, [&](std::uint32_t) {
    while (const auto id = queue.pop()) call(*pool.client, {scenario.run, *id}, recorder);
  });
}

}  // namespace

void producer_consumer(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  with_items(scenario, [&](auto items) { produce_and_consume(pool, scenario, recorder, std::move(items)); });
}

}  // namespace fanbench::thread_pool
