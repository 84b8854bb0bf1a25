// All calls of all pages are tasks, each on a thread that waits for its reply until its page's deadline, and
// hedged as in hedged: a page is ready when the last of its tasks has ended.
#include "impls/tbb/hedging.hpp"

namespace fanbench::tbb {

void page(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  const bool in_time = scenario.copies > 0 || scenario.deadline > Nanoseconds::zero();
  if (in_time && pool.workers < scenario.calls)
    throw NotApplicable(
        "the pool has fewer workers than calls: those that wait would time out unasked, or be hedged in "
        "vain");
  make_hedged_calls(pool, scenario, recorder);
}

}  // namespace fanbench::tbb
