// All streams at once on one thread: each is a coroutine that sleeps until it ends, while the client hands
// its events to a reader. Where they have a deadline a timer cancels what is left of them.
#include <optional>

#include "impls/http/events.hpp"
#include "impls/uring/uring.hpp"

namespace fanbench::uring {
namespace {

Task<> read_stream(Fanout& fanout, CallId id, CancelScope& scope) {
  EventReader events(id, fanout.recorder);
  const Request request{.run = fanout.scenario.run, .id = id, .reader = &events};
  fanout.recorder.start(id);
  Reply reply = co_await fanout.client.get(request, &scope);
  if (reply.verdict == Verdict::cancelled) reply.verdict = Verdict::timed_out;
  fanout.recorder.finish(id, reply);
}

}  // namespace

Task<> stream(Fanout& fanout) {
  CancelScope scope;
  std::optional<Deadline> deadline;
  if (fanout.scenario.deadline > Nanoseconds::zero())
    deadline.emplace(fanout.loop, fanout.recorder.began() + fanout.scenario.deadline, scope);
  Join streams;
  for (CallId id = 0; id < fanout.scenario.calls; ++id) streams.spawn(read_stream(fanout, id, scope));
  co_await streams;
}

}  // namespace fanbench::uring
