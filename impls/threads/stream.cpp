// All streams at once, each read by a thread of its own that blocks until the next event comes or
// the time for all of them is over.
#include <thread>
#include <vector>

#include "impls/blocking/streaming.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void stream(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] { read_stream(client, scenario, id, recorder); });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
