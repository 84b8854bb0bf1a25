// `limit` tasks, each on a thread of the pool, draw the prompts from one counter until there are no more; one
// whose prompt is refused sleeps until it may be sent again, and blocks for the tokens of its answer.
#include <algorithm>
#include <atomic>

#include "impls/blocking/streaming.hpp"
#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

void llm_client(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  std::atomic<CallId> next = 0;
  run_tasks(pool.arena, std::min(scenario.limit, scenario.calls), [&](std::uint32_t) {
    for (CallId id = next++; id < scenario.calls; id = next++)
      read_stream_until_ok(*pool.client, scenario, id, recorder);
  });
}

}  // namespace fanbench::tbb
