// All streams at once on one thread: the client hands over each piece of a stream as it comes, and its
// handler is invoked when it has ended. Where they have a deadline a timer cancels what is left of them.
#include <deque>

#include "impls/callbacks/group.hpp"
#include "impls/http/events.hpp"

namespace fanbench::callbacks {
namespace {

void read_all(Fanout& fanout, std::deque<EventReader>& readers) {
  Pending streams(fanout.loop, fanout.scenario.calls);
  for (CallId id = 0; id < fanout.scenario.calls; ++id) {
    const Request request{.run = fanout.scenario.run, .id = id, .reader = &readers[id]};
    fanout.call(request, [&streams](const Reply&) { streams.end(); });
  }
  streams.wait();
}

void read_until_the_deadline(Fanout& fanout, std::deque<EventReader>& readers) {
  Deadline deadline(fanout, fanout.scenario.calls, fanout.recorder.began() + fanout.scenario.deadline);
  for (CallId id = 0; id < fanout.scenario.calls; ++id) {
    const Request request{.run = fanout.scenario.run, .id = id, .reader = &readers[id]};
    call_or_time_out(fanout, request, deadline.cancellation_of(id), [&deadline] { deadline.ended(); });
  }
  deadline.wait();
}

}  // namespace

void stream(Fanout& fanout) {
  std::deque<EventReader> readers;
  for (CallId id = 0; id < fanout.scenario.calls; ++id) readers.emplace_back(id, fanout.recorder);
  fanout.scenario.deadline > Nanoseconds::zero() ? read_until_the_deadline(fanout, readers)
                                                 : read_all(fanout, readers);
}

}  // namespace fanbench::callbacks
