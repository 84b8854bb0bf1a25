// Every stream is a task that reads it page by page; with prefetch a thread made for the page fetches the
// next meanwhile. It is none of the pool's: where streams keep all of its threads busy, a task that waited
// for another one would wait for ever.
#include "impls/blocking/paging.hpp"
#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench::thread_pool {

void paginate(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  run_tasks(pool.threads, scenario.calls / scenario.pages, [&](std::uint32_t stream) {
    page_through(*pool.client, scenario, scenario.pages * stream, recorder);
  });
}

}  // namespace fanbench::thread_pool
