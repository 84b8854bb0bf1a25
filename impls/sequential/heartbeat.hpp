// The heartbeat of one thing after another: it beats between calls, as late as these are long.
#pragma once

#include "impls/http/blocking.hpp"

namespace fanbench::sequential {

class BeatingClient final : public BlockingClient {
 public:
  BeatingClient(BlockingClient& client, const Scenario& scenario, Recorder& recorder)
      : client_(client), recorder_(recorder), beats_(scenario.watchdog) {}

  Reply get(const Request& request, const Until& until) override {
    const Reply reply = client_.get(request, until);
    catch_up();
    return reply;
  }
  std::unique_ptr<BlockingSocket> enter_room(std::uint64_t run, std::stop_token stop) override {
    return client_.enter_room(run, std::move(stop));
  }
  void warm(std::uint32_t connections) override { client_.warm(connections); }

  void catch_up() {
    while (beats_ && Recorder::Clock::now() >= recorder_.beat_due(tick_)) recorder_.beat(tick_++);
  }

 private:
  BlockingClient& client_;
  Recorder& recorder_;
  bool beats_;
  std::uint32_t tick_ = 0;
};

}  // namespace fanbench::sequential
