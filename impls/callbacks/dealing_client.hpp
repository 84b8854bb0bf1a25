// A client for handlers of one loop whose calls are made on several.
#pragma once

#include <vector>

#include "impls/http/lanes.hpp"

namespace fanbench::callbacks {

/// Deals each call out to the lane that has the fewest. What follows it is the first lane's, like all that
/// the workload does: its handlers need no locks.
class DealingClient final : public AsyncClient {
 public:
  explicit DealingClient(const Lanes& lanes) : lanes_(lanes), under_way_(lanes.size()) {}

  /// In the first lane.
  Awaitable<std::unique_ptr<AwaitableSocket>> enter_room(std::uint64_t run) override {
    return lanes_.of(0).client.enter_room(run);
  }
  /// The first lane; Lanes::warm does it for all.
  Awaitable<void> warm(std::uint32_t connections) override { return lanes_.of(0).client.warm(connections); }

 protected:
  void start(const Request& request, asio::cancellation_slot cancellation, Completion done) override;

 private:
  struct Dealt;
  void ended(Dealt& call, const Reply& reply);

  const Lanes& lanes_;
  std::vector<std::uint32_t> under_way_;  // in each lane
};

}  // namespace fanbench::callbacks
