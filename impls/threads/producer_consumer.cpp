// Producer threads put the ids into a bounded queue and wait while it is full; consumer threads take them out
// and make the calls.
#include <thread>
#include <vector>

#include "impls/blocking/bounded_queue.hpp"
#include "impls/blocking/call.hpp"
#include "impls/blocking/items.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {
namespace {

template <class Items>
void produce_and_consume(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Items items) {
  using Queue = BoundedQueue<Items>;
  Queue queue(scenario.capacity, std::move(items));
  std::vector<std::jthread> consumers;
  const typename Queue::CloseAtEnd close{queue};
  std::vector<std::jthread> producers;
  for (std::uint32_t consumer = 0; consumer < scenario.consumers; ++consumer) {
    consumers.emplace_back([&] {
      while (const auto id = queue.pop()) call(client, {scenario.run, *id}, recorder);
    });
  }
  for (std::uint32_t producer = 0; producer < scenario.producers; ++producer) {
    producers.emplace_back([&, producer] {
      for (CallId id = producer; id < scenario.calls; id += scenario.producers) {
        queue.push(id, [&] { recorder.ready(id); });
      }
    });
  }
}  // the producers are joined here, then the queue is closed, then the consumers are joined

}  // namespace

void producer_consumer(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  with_items(scenario,
             [&](auto items) { produce_and_consume(client, scenario, recorder, std::move(items)); });
}

}  // namespace fanbench::threads
