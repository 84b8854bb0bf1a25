// A producer's next put follows in the handler of its last, a consumer's next take in the handler of its
// call. Two semaphores count the queue's room and its items.
#include <functional>
#include <map>
#include <optional>

#include "impls/callbacks/callbacks.hpp"
#include "impls/callbacks/pending.hpp"
#include "impls/callbacks/semaphore.hpp"

namespace fanbench::callbacks {
namespace {

class Queue {
 public:
  explicit Queue(Fanout& fanout)
      : fanout_(fanout), room_(fanout.loop, fanout.scenario.capacity), items_(fanout.loop, 0) {}

  template <class Then>
  void put(CallId id, Then then) {
    room_.acquire([this, id, then] {
      by_rank_.emplace(rank(id), id);
      fanout_.recorder.ready(id);
      items_.release();
      then();
    });
  }
  /// With nothing when the queue has ended.
  template <class Then>
  void take(Then then) {
    items_.acquire([this, then] {
      if (by_rank_.empty()) return then(std::nullopt);
      const CallId id = by_rank_.extract(by_rank_.begin()).mapped();
      room_.release();
      then(std::optional(id));
    });
  }
  /// After the last put: as many takes as there are consumers find nothing.
  void end() {
    for (std::uint32_t i = 0; i < fanout_.scenario.consumers; ++i) items_.release();
  }

 private:
  /// The least is next.
  std::uint64_t rank(CallId id) {
    ++puts_;
    if (fanout_.scenario.order == Order::priority) return ~priority(fanout_.scenario, id);
    return fanout_.scenario.order == Order::fifo ? puts_ : ~puts_;
  }

  Fanout& fanout_;
  Semaphore room_, items_;
  std::map<std::uint64_t, CallId> by_rank_;
  std::uint64_t puts_ = 0;
};

struct Everyone {
  Fanout& fanout;
  Queue queue;
  Pending consumers;
  std::uint32_t producing;

  void produce(CallId id) {
    if (id < fanout.scenario.calls)
      return queue.put(id, [this, id] { produce(id + fanout.scenario.producers); });
    if (--producing == 0) queue.end();
  }
  void consume() {
    queue.take([this](std::optional<CallId> id) {
      if (!id) return consumers.end();
      fanout.call({fanout.scenario.run, *id}, [this](const Reply&) { consume(); });
    });
  }
};

}  // namespace

void producer_consumer(Fanout& fanout) {
  const Scenario& scenario = fanout.scenario;
  Everyone everyone{fanout, Queue(fanout), Pending(fanout.loop, scenario.consumers), scenario.producers};
  for (std::uint32_t i = 0; i < scenario.consumers; ++i) everyone.consume();
  for (CallId first = 0; first < scenario.producers; ++first) everyone.produce(first);
  everyone.consumers.wait();
}

}  // namespace fanbench::callbacks
