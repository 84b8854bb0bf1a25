// The catalogue: every model, a row each.
#include "impls/callbacks/callbacks.hpp"
#include "impls/contract/model.hpp"
#include "impls/coroutines/coroutines.hpp"
#include "impls/floor/floor.hpp"
#include "impls/processes/processes.hpp"
#include "impls/sequential/sequential.hpp"
#include "impls/tbb/tbb.hpp"
#include "impls/thread_pool/thread_pool.hpp"
#include "impls/threads/threads.hpp"
#include "impls/uring/entry.hpp"

namespace fanbench {

const std::vector<ModelEntry>& models() {
  static const std::vector<ModelEntry> all = {
      coroutines::entry(), callbacks::entry(), uring::entry(),      threads::entry(), thread_pool::entry(),
      tbb::entry(),        processes::entry(), sequential::entry(), floor::entry(),   uring::floor_entry(),
  };
  return all;
}

}  // namespace fanbench
