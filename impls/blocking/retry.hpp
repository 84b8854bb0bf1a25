// A call that is made again where it fails, by a thread that blocks in each attempt.
#pragma once

#include <optional>
#include <thread>

#include "impls/contract/records.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench {

/// Makes the call's next attempt. Returns how long to wait before the one after it; nothing where the call
/// has ended, as it succeeded or its attempts are used up.
inline std::optional<Nanoseconds> try_once(BlockingClient& client, const Scenario& scenario, CallId id,
                                           Recorder& recorder, BodyReader* reader = nullptr) {
  const Attempt attempt = recorder.start(id);
  const Reply reply = client.get({.run = scenario.run, .id = id, .attempt = attempt, .reader = reader});
  if (reply.verdict == Verdict::ok || attempt + 1 == scenario.attempts) {
    recorder.finish(id, reply);
    return std::nullopt;
  }
  recorder.end(id, attempt, reply);
  return backoff(scenario, id, attempt, reply.retry_after);
}

/// Tries until the call has ended, and sleeps in between.
inline void call_until_ok(BlockingClient& client, const Scenario& scenario, CallId id, Recorder& recorder,
                          BodyReader* reader = nullptr) {
  while (const auto wait = try_once(client, scenario, id, recorder, reader))
    std::this_thread::sleep_for(*wait);
}

}  // namespace fanbench
