// A client for handlers of one loop whose calls are made on several.
#pragma once

#include "impls/http/lanes.hpp"

namespace fanbench::callbacks {

/// Deals each call out to the lane of its id. What follows it is the first lane's, like all that the workload
/// does: its handlers need no locks.
class DealingClient final : public AsyncClient {
 public:
  explicit DealingClient(const Lanes& lanes) : lanes_(lanes) {}

  /// In the first lane.
  Awaitable<std::unique_ptr<AwaitableSocket>> enter_room(std::uint64_t run) override {
    return lanes_.of(0).client.enter_room(run);
  }
  /// The first lane; Lanes::warm does it for all.
  Awaitable<void> warm(std::uint32_t connections) override { return lanes_.of(0).client.warm(connections); }

 protected:
  void start(const Request& request, asio::cancellation_slot cancellation, Completion done) override;

 private:
  const Lanes& lanes_;
};

}  // namespace fanbench::callbacks
