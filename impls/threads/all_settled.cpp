// All calls at once, each in a thread of its own; its future keeps what came of it, beside its id, and a
// failure disturbs nobody else.
#include <future>
#include <vector>

#include "impls/threads/threads.hpp"

namespace fanbench {

void Threads::all_settled(const Scenario& scenario, Recorder& recorder) {
  std::vector<std::future<Reply>> outcomes;  // by call id
  for (CallId id = 0; id < scenario.calls; ++id) {
    outcomes.push_back(std::async(std::launch::async, [&, id] {
      return call(*client_, {scenario.run, id}, recorder);
    }));
  }
  for (auto& outcome : outcomes) outcome.get();
}

}  // namespace fanbench
