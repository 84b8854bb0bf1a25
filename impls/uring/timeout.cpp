// Each call, or the whole group of them, has a scope that a timer cancels.
#include "impls/uring/uring.hpp"

namespace fanbench::uring {
namespace {

Task<> call_in_scope(Fanout& fanout, CallId id, CancelScope& scope) {
  fanout.recorder.start(id);
  Reply reply = co_await fanout.client.get({fanout.scenario.run, id}, &scope);
  if (reply.verdict == Verdict::cancelled) reply.verdict = Verdict::timed_out;
  fanout.recorder.finish(id, reply);
}

Task<> call_in_time(Fanout& fanout, CallId id) {
  CancelScope scope;
  Deadline deadline(fanout.loop, Clock::now() + fanout.scenario.deadline, scope);
  co_await call_in_scope(fanout, id, scope);
}

}  // namespace

Task<> timeout(Fanout& fanout) {
  Join calls;
  if (fanout.scenario.scope == Scope::call) {
    for (CallId id = 0; id < fanout.scenario.calls; ++id) calls.spawn(call_in_time(fanout, id));
    co_await calls;
  } else {
    CancelScope scope;
    Deadline deadline(fanout.loop, fanout.recorder.began() + fanout.scenario.deadline, scope);
    for (CallId id = 0; id < fanout.scenario.calls; ++id) calls.spawn(call_in_scope(fanout, id, scope));
    co_await calls;
  }
}

}  // namespace fanbench::uring
