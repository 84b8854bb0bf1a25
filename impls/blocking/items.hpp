// The items of producer_consumer's queue, in the order that the scenario asks for.
#pragma once

#include <queue>
#include <stack>
#include <vector>

#include "impls/contract/scenario.hpp"

namespace fanbench {

/// Calls `use` with an empty container of calls from which they come out in the scenario's order.
template <class Use>
void with_items(const Scenario& scenario, const Use& use) {
  const auto lower = [&](CallId a, CallId b) { return priority(scenario, a) < priority(scenario, b); };
  switch (scenario.order) {
    case Order::fifo:
      return use(std::queue<CallId>());
    case Order::lifo:
      return use(std::stack<CallId>());
    case Order::priority:
      return use(std::priority_queue<CallId, std::vector<CallId>, decltype(lower)>(lower));
  }
}

}  // namespace fanbench
