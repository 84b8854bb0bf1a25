// One stream by a thread that blocks for its events.
#pragma once

#include "impls/blocking/call.hpp"
#include "impls/blocking/retry.hpp"
#include "impls/http/events.hpp"

namespace fanbench {

/// Takes the call's events as they come, until the last or the run's deadline, where it has one.
inline void read_stream(BlockingClient& client, const Scenario& scenario, CallId id, Recorder& recorder) {
  EventReader events(id, recorder);
  const Request request{.run = scenario.run, .id = id, .reader = &events};
  if (scenario.deadline == Nanoseconds::zero())
    call(client, request, recorder);
  else
    call(client, request, recorder, {.deadline = recorder.began() + scenario.deadline});
}

/// The same, asked for until the service lets it pass.
inline void read_stream_until_ok(BlockingClient& client, const Scenario& scenario, CallId id,
                                 Recorder& recorder) {
  EventReader events(id, recorder);
  call_until_ok(client, scenario, id, recorder, &events);
}

}  // namespace fanbench
