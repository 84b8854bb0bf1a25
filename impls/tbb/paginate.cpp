// Every stream is a task that reads it page by page; with prefetch a thread made for the page fetches the
// next meanwhile. It is none of the pool's: a task that blocks until another has run may do so for ever, for
// oneTBB promises no task a thread before those that have begun are done.
#include "impls/blocking/paging.hpp"
#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

void paginate(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  run_tasks(pool.arena, scenario.calls / scenario.pages, [&](std::uint32_t stream) {
    page_through(*pool.client, scenario, scenario.pages * stream, recorder);
  });
}

}  // namespace fanbench::tbb
