// A thread that has its calls made by somebody else, and waits for each.
#pragma once

#include "impls/contract/records.hpp"
#include "impls/http/request.hpp"

namespace fanbench {

/// How many calls each caller has.
inline std::uint32_t calls_of_each(const Scenario& scenario) {
  return scenario.calls < scenario.callers ? 1 : scenario.calls / scenario.callers;
}

/// The calls of one caller, the first of which is `first`: each brings the answer to the one before, and is
/// asked for when that is there; a failed one ends it. `ask` returns the reply to a request.
template <class Ask>
void ask_in_turn(const Scenario& scenario, CallId first, Recorder& recorder, const Ask& ask) {
  Reply reply = ask({.run = scenario.run, .id = first});
  CallId id = first + 1;
  for (; reply.more; ++id) {
    recorder.ready(id);
    reply = ask({.run = scenario.run, .id = id, .cursor = reply.answer});
  }
  recorder.leave_out(id, first + calls_of_each(scenario));
}

}  // namespace fanbench
