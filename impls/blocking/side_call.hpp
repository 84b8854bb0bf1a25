// A call that nobody waits for, by a thread that blocks in it.
#pragma once

#include <stdexcept>

#include "impls/blocking/call.hpp"

namespace fanbench {

/// What comes out of a side call that failed.
struct SideCallFailed : std::runtime_error {
  SideCallFailed(CallId call, std::uint16_t with)
      : std::runtime_error("a side call failed"), id(call), status(with) {}

  CallId id;
  std::uint16_t status;  // 0 where none came
};

/// Throws SideCallFailed.
inline void side_call(BlockingClient& client, const Request& request, Recorder& recorder) {
  const Reply reply = call(client, request, recorder);
  if (reply.verdict != Verdict::ok) throw SideCallFailed(request.id, reply.status);
}

/// The request itself: its own call, after which it returns.
inline void own_call(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  call(client, {scenario.run, 0}, recorder);
  recorder.event(Recorder::none, 0, 0);
}

inline void report(const SideCallFailed& failure, Recorder& recorder) {
  recorder.event(failure.id, 0, failure.status);
}

}  // namespace fanbench
