// parallel_for shares out the pieces of work among an arena of `cpus` slots, one by one.
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>

#include "impls/kernel.hpp"
#include "impls/tbb/tasks.hpp"
#include "impls/tbb/tbb.hpp"

namespace fanbench::tbb {

void cpu(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  onetbb::task_arena cpus(static_cast<int>(std::min(scenario.cpus, pool.workers)), 0);
  const auto piece = [&](CallId id) {
    recorder.start(id);
    recorder.finish(id, compute(scenario, id));
  };
  run_inside(cpus,
             [&] { onetbb::parallel_for(CallId{0}, scenario.calls, piece, onetbb::simple_partitioner()); });
}

}  // namespace fanbench::tbb
