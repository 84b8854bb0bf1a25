// All streams at once on one thread: the client hands over each piece of a stream as it comes, and its
// handler is invoked when it has ended. Where they have a deadline a timer cancels what is left of them.
#include <deque>

#include "impls/callbacks/group.hpp"
#include "impls/http/events.hpp"

namespace fanbench::callbacks {

void stream(Fanout& fanout) {
  const Scenario& scenario = fanout.scenario;
  const bool may_last = scenario.deadline == Nanoseconds::zero();
  Deadline deadline(fanout, scenario.calls,
                    may_last ? Timer::time_point::max() : fanout.recorder.began() + scenario.deadline);
  std::deque<EventReader> readers;
  for (CallId id = 0; id < scenario.calls; ++id) {
    const Request request{
        .run = scenario.run, .id = id, .reader = &readers.emplace_back(id, fanout.recorder)};
    call_or_time_out(fanout, request, deadline.cancellation_of(id), [&deadline] { deadline.ended(); });
  }
  deadline.wait();
}

}  // namespace fanbench::callbacks
