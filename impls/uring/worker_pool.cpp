// `limit` coroutines take the next id until there is none: on one thread a plain counter is queue enough.
#include <algorithm>

#include "impls/uring/uring.hpp"

namespace fanbench::uring {
namespace {

Task<> work(Fanout& fanout, CallId& next) {
  const LiveTask task(fanout.recorder);
  while (next < fanout.scenario.calls) co_await call(fanout, {fanout.scenario.run, next++});
}

}  // namespace

Task<> worker_pool(Fanout& fanout) {
  CallId next = 0;
  Join workers;
  for (std::uint32_t i = 0; i < std::min(fanout.scenario.limit, fanout.scenario.calls); ++i)
    workers.spawn(work(fanout, next));
  co_await workers;
}

}  // namespace fanbench::uring
