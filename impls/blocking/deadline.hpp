// A call that is given up at its deadline.
#pragma once

#include "impls/contract/records.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench {

/// One call with the time that the scenario gives it: until the run's deadline, or its own.
inline void call_in_time(BlockingClient& client, const Scenario& scenario, CallId id, Recorder& recorder) {
  recorder.start(id);
  const auto start = scenario.scope == Scope::group ? recorder.began() : Recorder::Clock::now();
  recorder.finish(id, client.get({scenario.run, id}, {.deadline = start + scenario.deadline}));
}

}  // namespace fanbench
