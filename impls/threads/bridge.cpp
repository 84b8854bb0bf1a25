// Every caller is a thread, and so is each call that it hands over: it starts the thread and blocks for the
// future of the reply.
#include <future>
#include <thread>
#include <vector>

#include "impls/blocking/asking.hpp"
#include "impls/blocking/call.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void bridge(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto ask = [&](const Request& request) {
    return std::async(std::launch::async, [&] { return call(client, request, recorder); }).get();
  };
  std::vector<std::jthread> callers;
  for (CallId first = 0; first < scenario.calls; first += calls_of_each(scenario)) {
    callers.emplace_back([&, first] { ask_in_turn(scenario, first, recorder, ask); });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
