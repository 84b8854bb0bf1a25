// Each subscriber is a thread that blocks until the next message comes; this thread publishes.
#include <thread>
#include <vector>

#include "impls/blocking/broadcasting.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void broadcast(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  Broadcast room(client, scenario, recorder);
  std::vector<std::jthread> subscribers;
  for (CallId id = 0; id < scenario.calls; ++id) {
    subscribers.emplace_back([&room, id](const std::stop_token& stop) { room.subscribe(id, stop); });
  }
  if (!room.publish()) return;  // they are told to stop, and joined, here
  for (std::jthread& subscriber : subscribers) subscriber.join();
}

}  // namespace fanbench::threads
