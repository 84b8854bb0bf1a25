// The queue is in this process, a broker: it puts while there is room, and hands items to `consumers` worker
// processes.
#include "impls/processes/item_queue.hpp"
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

// The producers are played by the broker: they take turns, so the ids are put in their order. As processes
// they would cost a message for each item, as the consumers do.
void producer_consumer(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  ItemQueue queue(scenario);
  for (CallId next = 0; next < scenario.calls || !queue.empty();) {
    if (!queue.empty() && pool.busy() < scenario.consumers && !pool.full()) {
      pool.submit(Task::call, queue.take());
    } else if (next < scenario.calls && !queue.full()) {
      queue.put(next);
      recorder.ready(next++);
    } else {
      pool.wait_for_one();
    }
  }
  pool.wait_for_all();
}

}  // namespace fanbench::processes
