// The client of models that block a thread for each call.
#pragma once

#include <memory>
#include <stop_token>
#include <thread>

#include "impls/http/request.hpp"

namespace fanbench {

/// How long a call may take: until a stop is requested, or its deadline has come.
struct Until {
  using Clock = Recorder::Clock;

  std::stop_token stop{};
  Clock::time_point deadline = Clock::time_point::max();
};

/// May be called from many threads at once. Idle connections are shared by all of them, the last used first.
class BlockingClient {
 public:
  BlockingClient() = default;
  BlockingClient(const BlockingClient&) = delete;
  BlockingClient& operator=(const BlockingClient&) = delete;
  virtual ~BlockingClient() = default;

  /// Returns when the reply is there, the connection failed (transport_error), a stop was requested
  /// (cancelled) or the deadline has come (timed_out): in the last two the connection is given up at once.
  /// Throws only for a broken set-up.
  virtual Reply get(const Request& request, const Until& until = {}) = 0;
};

std::unique_ptr<BlockingClient> make_blocking_client(const Setup& setup);

/// One call of one attempt, recorded.
inline Reply call(BlockingClient& client, const Request& request, Recorder& recorder,
                  const Until& until = {}) {
  recorder.start(request.id);
  const Reply reply = client.get(request, until);
  recorder.finish(request.id, reply);
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

/// One call with the time that `timeout` gives it: until the run's deadline, or its own.
inline void call_in_time(BlockingClient& client, const Scenario& scenario, CallId id, Recorder& recorder) {
  recorder.start(id);
  const auto start = scenario.scope == Scope::group ? recorder.began() : Recorder::Clock::now();
  recorder.finish(id, client.get({scenario.run, id}, {.deadline = start + scenario.deadline}));
}

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
