// Calls of which each needs the one before, made by one thread.
#pragma once

#include "impls/blocking/call.hpp"

namespace fanbench {

/// A pipeline's item: its calls from `first` on, one after another, each with the answer to the one before. A
/// failed one ends it.
inline void call_chain(BlockingClient& client, const Scenario& scenario, CallId first, Recorder& recorder) {
  Reply reply = call(client, {scenario.run, first}, recorder);
  CallId id = first + 1;
  for (; reply.more; ++id) {
    recorder.ready(id);
    reply = call(client, {.run = scenario.run, .id = id, .cursor = reply.answer}, recorder);
  }
  recorder.leave_out(id, first + Scenario::stages);
}

}  // namespace fanbench
