// Every copy is a task on a thread of its own; the thread that has put the first ones into the pool's queue
// waits until second copies are due and puts these there, too. Whichever copy is answered first takes the
// other out of its call.
#include "impls/blocking/hedging.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {

void hedged(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  if (pool.workers < scenario.calls)
    throw NotApplicable(
        "the pool has fewer workers than calls: copies would wait for those that they should beat");
  Hedging calls(*pool.client, scenario, recorder);
  std::latch first(scenario.calls), second(scenario.copies);
  for (CallId id = 0; id < scenario.calls; ++id) {
    asio::post(pool.threads, [&, id] {
      calls.make_first(id);
      first.count_down();
    });
  }
  std::uint32_t spared = scenario.copies;
  calls.hedge([&](CallId id) {
    --spared;
    asio::post(pool.threads, [&, id] {
      calls.make_second(id);
      second.count_down();
    });
  });
  first.wait();
  second.count_down(spared);
  second.wait();
  calls.settle();
}

}  // namespace fanbench::thread_pool
