// The client of models that block a thread for each call.
#pragma once

#include <memory>
#include <stop_token>
#include <thread>

#include "impls/http/request.hpp"

namespace fanbench {

/// May be called from many threads at once. Idle connections are shared by all of them, the last used first.
class BlockingClient {
 public:
  BlockingClient() = default;
  BlockingClient(const BlockingClient&) = delete;
  BlockingClient& operator=(const BlockingClient&) = delete;
  virtual ~BlockingClient() = default;

  /// Returns when the reply is there, the connection failed (transport_error), or a stop was requested: then
  /// the connection is given up at once and the verdict is cancelled. Throws only for a broken set-up.
  virtual Reply get(const Request& request, std::stop_token stop = {}) = 0;
};

std::unique_ptr<BlockingClient> make_blocking_client(const Setup& setup);

/// One call of one attempt, recorded.
inline Reply call(BlockingClient& client, const Scenario& scenario, CallId id, Recorder& recorder,
                  std::stop_token stop = {}) {
  recorder.start(id);
  const Reply reply = client.get({scenario.run, id}, std::move(stop));
  recorder.finish(id, reply);
  return reply;
}

/// One call, tried again until it succeeds or its attempts are used up. The thread sleeps in between.
inline void call_until_ok(BlockingClient& client, const Scenario& scenario, CallId id, Recorder& recorder) {
  for (Attempt attempt = 0;; ++attempt) {
    recorder.start(id);
    const Reply reply = client.get({scenario.run, id, attempt});
    if (reply.verdict == Verdict::ok || attempt + 1 == scenario.attempts) return recorder.finish(id, reply);
    std::this_thread::sleep_for(backoff(scenario, id, attempt, reply.retry_after));
  }
}

}  // namespace fanbench
