// A coroutine for each call; those without a permit are linked into a queue where they wait, in arrival
// order. One that waits is its own frame, and nothing else.
#include "impls/uring/permits.hpp"
#include "impls/uring/uring.hpp"

namespace fanbench::uring {
namespace {

Task<> call_with_permit(Fanout& fanout, CallId id, Permits& permits) {
  const LiveTask task(fanout.recorder);
  co_await permits.take();
  const Permit permit{&permits};
  co_await call(fanout, {fanout.scenario.run, id});
}

}  // namespace

Task<> semaphore(Fanout& fanout) {
  Permits permits(fanout.loop, fanout.scenario.limit);
  Join calls;
  for (CallId id = 0; id < fanout.scenario.calls; ++id) calls.spawn(call_with_permit(fanout, id, permits));
  co_await calls;
}

}  // namespace fanbench::uring
