// This thread enqueues each call that comes as a task and waits for the signal in between. A task that has
// not begun by then makes no call any more.
#include "impls/blocking/draining.hpp"
#include "impls/tbb/tasks.hpp"

namespace fanbench::tbb {

void drain(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  Draining calls(*pool.client, scenario, recorder);
  while (const auto id = calls.next()) {
    pool.arena.enqueue([&calls, id = *id] { calls.make(id); });
  }
  calls.end();
}

}  // namespace fanbench::tbb
