// The queue of producer_consumer where one thread puts and takes: which item is next is its order's matter.
#pragma once

#include <map>

#include "impls/contract/model.hpp"

namespace fanbench::processes {

class ItemQueue {
 public:
  explicit ItemQueue(const Scenario& scenario) : scenario_(scenario) {}

  bool empty() const noexcept { return items_.empty(); }
  bool full() const noexcept { return items_.size() >= scenario_.capacity; }
  void put(CallId id) { items_.emplace(rank(id), id); }
  CallId take() { return items_.extract(items_.begin()).mapped(); }

 private:
  /// The lowest is taken first.
  std::uint64_t rank(CallId id) noexcept {
    switch (scenario_.order) {
      case Order::lifo:
        return UINT64_MAX - puts_++;
      case Order::priority:
        return UINT64_MAX - priority(scenario_, id);
      case Order::fifo:
        break;
    }
    return puts_++;
  }

  const Scenario& scenario_;
  std::map<std::uint64_t, CallId> items_;
  std::uint64_t puts_ = 0;
};

}  // namespace fanbench::processes
