// A room's subscribers and its publisher, by models that block a thread in each.
#pragma once

#include <latch>
#include <memory>
#include <stop_token>
#include <thread>

#include "impls/http/blocking.hpp"
#include "impls/http/messages.hpp"

namespace fanbench {

/// One subscription, to its last message. Calls entered() when it is in the room, or could not enter.
template <class Entered>
void subscribe(BlockingClient& client, const Scenario& scenario, CallId id, Recorder& recorder,
               const std::stop_token& stop, const Entered& entered) {
  Subscription subscription(scenario, id, recorder);
  recorder.start(id);
  const auto socket = client.enter_room(scenario.run, stop);
  entered();
  while (!subscription.complete()) {
    const auto text = socket->hear();
    if (!text) break;
    subscription.take(*text);
  }
  recorder.finish(id, subscription.reply(stop.stop_requested()));
}

/// For the subscribers of one run, a thread each, and the thread that made it, which publishes.
class Broadcast {
 public:
  Broadcast(BlockingClient& client, const Scenario& scenario, Recorder& recorder)
      : client_(client),
        scenario_(scenario),
        recorder_(recorder),
        publisher_(client.enter_room(scenario.run)),
        outside_(scenario.calls) {}

  void subscribe(CallId id, const std::stop_token& stop) {
    fanbench::subscribe(client_, scenario_, id, recorder_, stop, [this] { outside_.count_down(); });
  }
  /// Waits until all are in the room, and says every message when it is due. False where the connection
  /// failed: the subscribers have to be stopped then.
  bool publish() {
    outside_.wait();
    for (Publication publication(scenario_, recorder_); !publication.over();) {
      std::this_thread::sleep_until(publication.due());
      if (publisher_->say(publication.take())) continue;
      recorder_.note(publisher_failed);
      return false;
    }
    return true;
  }

 private:
  BlockingClient& client_;
  const Scenario& scenario_;
  Recorder& recorder_;
  const std::unique_ptr<BlockingSocket> publisher_;
  std::latch outside_;  // the room
};

}  // namespace fanbench
