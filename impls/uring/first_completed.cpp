// All calls at once; the first that ends cancels their scope, and so the others.
#include "impls/uring/uring.hpp"

namespace fanbench::uring {
namespace {

Task<> race(Fanout& fanout, CallId id, CancelScope& scope) {
  fanout.recorder.start(id);
  const Reply reply = co_await fanout.client.get({fanout.scenario.run, id}, &scope);
  fanout.recorder.finish(id, reply);
  if (scope.cancelled()) co_return;
  fanout.recorder.choose(id);
  scope.cancel();
}

}  // namespace

Task<> first_completed(Fanout& fanout) {
  CancelScope scope;
  Join replicas;
  for (CallId id = 0; id < fanout.scenario.calls; ++id) replicas.spawn(race(fanout, id, scope));
  co_await replicas;
}

}  // namespace fanbench::uring
