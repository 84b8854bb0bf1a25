// Each call goes to a worker process of its own, which waits for its reply until its page's deadline, and is
// hedged as in hedged: a page is ready when the last of its workers says so.
#include "impls/processes/hedging.hpp"

namespace fanbench::processes {

void page(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  const bool in_time = scenario.copies > 0 || scenario.deadline > Nanoseconds::zero();
  if (in_time && pool.size() < scenario.calls)
    throw NotApplicable(
        "the pool has fewer workers than calls: those that wait would time out unasked, or be hedged in "
        "vain");
  make_hedged_calls(pool, scenario, recorder);
}

}  // namespace fanbench::processes
