// All calls at once on one thread: each is a coroutine whose request is an entry among many that the kernel
// is handed at once.
#include "impls/uring/uring.hpp"

namespace fanbench::uring {

Task<> gather(Fanout& fanout) {
  Join calls;
  for (CallId id = 0; id < fanout.scenario.calls; ++id) calls.spawn(call(fanout, {fanout.scenario.run, id}));
  co_await calls;
}

}  // namespace fanbench::uring
