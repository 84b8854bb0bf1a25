// The oneTBB model: `workers` threads of an arena take the calls as tasks and block in them.
// oneTBB is made for work, not for waiting: a thread without a task spins before it sleeps, the longer the
// more slots its arena has.
#pragma once

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <memory>

#include "impls/contract/model.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench::tbb {

namespace onetbb = oneapi::tbb;  // from here ::tbb is hidden

class Pool {
 public:
  explicit Pool(const Setup& setup);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  const std::uint32_t workers;

 private:
  onetbb::task_scheduler_handle scheduler_{onetbb::attach{}};
  // oneTBB makes as many threads as there are cores unless it is told that more may be
  onetbb::global_control threads_;

 public:
  onetbb::task_arena arena;  // without a slot for the calling thread, which only waits
  const std::unique_ptr<BlockingClient> client;
};

/// How a workload is done: by tasks of the pool, which all have ended when it returns.
using Workload = void(Pool& pool, const Scenario& scenario, Recorder& recorder);

ModelEntry entry();

}  // namespace fanbench::tbb
