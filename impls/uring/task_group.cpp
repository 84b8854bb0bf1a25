// All calls at once; the first that fails cancels their scope, and so the others. The group ends when they
// are gone.
#include "impls/uring/uring.hpp"

namespace fanbench::uring {
namespace {

Task<> call_or_cancel(Fanout& fanout, CallId id, CancelScope& scope) {
  fanout.recorder.start(id);
  const Reply reply = co_await fanout.client.get({fanout.scenario.run, id}, &scope);
  fanout.recorder.finish(id, reply);
  if (reply.verdict == Verdict::ok || scope.cancelled()) co_return;
  fanout.recorder.choose(id);
  scope.cancel();
}

}  // namespace

Task<> task_group(Fanout& fanout) {
  CancelScope scope;
  Join calls;
  for (CallId id = 0; id < fanout.scenario.calls; ++id) calls.spawn(call_or_cancel(fanout, id, scope));
  co_await calls;
}

}  // namespace fanbench::uring
