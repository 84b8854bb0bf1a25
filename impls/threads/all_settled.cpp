// All calls at once, each in a thread of its own; its future keeps what came of it, beside its id, and a
// failure disturbs nobody else.
#include <future>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void all_settled(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  std::vector<std::future<Reply>> outcomes;  // by call id
  for (CallId id = 0; id < scenario.calls; ++id) {
    outcomes.push_back(std::async(std::launch::async, [&, id] {
      return call(client, {scenario.run, id}, recorder);
    }));
  }
  for (auto& outcome : outcomes) outcome.get();
}

}  // namespace fanbench::threads
