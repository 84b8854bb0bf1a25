// All calls at once; a failed one disturbs no other: its failure is a value, kept beside its id like any
// reply.
#include "impls/uring/uring.hpp"

namespace fanbench::uring {

Task<> all_settled(Fanout& fanout) {
  Join calls;
  for (CallId id = 0; id < fanout.scenario.calls; ++id) calls.spawn(call(fanout, {fanout.scenario.run, id}));
  co_await calls;
}

}  // namespace fanbench::uring
