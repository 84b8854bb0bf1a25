// `limit` threads draw the prompts from one counter until there are no more; one whose prompt is refused
// sleeps until it may be sent again, and blocks for the tokens of its answer.
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "impls/blocking/streaming.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void llm_client(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  std::atomic<CallId> next = 0;
  std::vector<std::jthread> workers;
  for (std::uint32_t worker = 0; worker < std::min(scenario.limit, scenario.calls); ++worker) {
    workers.emplace_back([&] {
      for (CallId id = next++; id < scenario.calls; id = next++)
        read_stream_until_ok(client, scenario, id, recorder);
    });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
