// A call that is made again where it fails, by a thread that sleeps in between.
#pragma once

#include <thread>

#include "impls/contract/records.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench {

/// Tries until the call succeeds or its attempts are used up.
inline void call_until_ok(BlockingClient& client, const Scenario& scenario, CallId id, Recorder& recorder) {
  for (Attempt attempt = 0;; ++attempt) {
    recorder.start(id);
    const Reply reply = client.get({scenario.run, id, attempt});
    if (reply.verdict == Verdict::ok || attempt + 1 == scenario.attempts) return recorder.finish(id, reply);
    recorder.end(id, attempt, reply);
    std::this_thread::sleep_for(backoff(scenario, id, attempt, reply.retry_after));
  }
}

}  // namespace fanbench
