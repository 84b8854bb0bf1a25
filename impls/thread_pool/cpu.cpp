// parallel_for shares out the pieces of work among an arena of `cpus` slots, one by one.
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>

#include "impls/kernel.hpp"
#include "impls/thread_pool/tasks.hpp"
#include "impls/thread_pool/thread_pool.hpp"

namespace fanbench::thread_pool {

void cpu(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  tbb::task_arena cpus(static_cast<int>(std::min(scenario.cpus, pool.workers)), 0);
  const auto piece = [&](CallId id) {
    recorder.start(id);
    recorder.finish(id, compute(scenario, id));
  };
  run_inside(cpus, [&] { tbb::parallel_for(CallId{0}, scenario.calls, piece, tbb::simple_partitioner()); });
}

}  // namespace fanbench::thread_pool
