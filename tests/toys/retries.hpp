// Toys of retry, where attempts are limited, and of rate_limited.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "impls/blocking/retry.hpp"
#include "tests/toys/break.hpp"

namespace fanbench::toys {

/// Permits go to the lowest rank that waits.
class RankedPermits {
 public:
  explicit RankedPermits(std::uint32_t permits) : free_(permits) {}

  void acquire(std::int64_t rank) {
    std::unique_lock lock(mutex_);
    waiting_.insert(rank);
    changed_.wait(lock, [&] { return free_ > 0 && rank == *waiting_.begin(); });
    waiting_.erase(rank);
    --free_;
    changed_.notify_all();
  }
  void release() {
    const std::lock_guard lock(mutex_);
    ++free_;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::int64_t> waiting_;
  std::uint32_t free_;
};

/// Of an attempt among those that wait, by the order of ids: a model without mistakes serves the first
/// attempts by their ids, and then the others.
inline std::int64_t rank(const Scenario& scenario, CallId id, Attempt attempt, Break broken) {
  const std::int64_t first = std::int64_t{attempt} * scenario.calls + id;
  if (broken == Break::last_come_first_served) return -first;
  if (broken == Break::serve_retries_first) return attempt > 0 ? first - 1'000'000 : first;
  return first;
}

inline void retry_within_limit(BlockingClient& client, const Scenario& scenario, Recorder& recorder,
                               Break broken) {
  RankedPermits permits(scenario.limit + (broken == Break::exceed_the_limit ? 1 : 0));
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] {
      std::optional<Nanoseconds> wait = Nanoseconds{};
      for (Attempt attempt = 0; wait; ++attempt) {
        const bool first = attempt == 0;
        const bool takes = first || (broken != Break::hold_a_permit_while_waiting &&
                                     broken != Break::retry_without_a_permit);
        if (takes) permits.acquire(rank(scenario, id, attempt, broken));
        wait = try_once(client, scenario, id, recorder);
        const bool gives = broken == Break::hold_a_permit_while_waiting ? !wait : takes;
        if (gives) permits.release();
        if (wait) std::this_thread::sleep_for(*wait);
      }
    });
  }
}

/// As try_once.
inline std::optional<Nanoseconds> try_limited(BlockingClient& client, const Scenario& scenario, CallId id,
                                              Recorder& recorder, Break broken,
                                              BodyReader* reader = nullptr) {
  const Attempt attempt = recorder.start(id);
  Reply reply = client.get({.run = scenario.run, .id = id, .attempt = attempt, .reader = reader});
  if (reply.verdict == Verdict::ok || broken == Break::give_up_early) {
    recorder.finish(id, reply);
    return std::nullopt;
  }
  const Nanoseconds wait = backoff(scenario, id, attempt, reply.retry_after);
  if (broken == Break::forget_retry_after) reply.retry_after = {};
  recorder.end(id, attempt, reply);
  if (broken == Break::ask_in_vain) recorder.end(id, recorder.start(id), reply);
  const bool early = broken == Break::retry_too_early || broken == Break::forget_retry_after;
  return early ? wait / 2 : wait;
}

/// All ids, shared out over `limit` threads.
template <class Work>
void share_out(const Scenario& scenario, Break broken, const Work& work) {
  std::atomic<CallId> next = 0;
  std::vector<std::jthread> workers;
  for (std::uint32_t i = 0; i < scenario.limit + (broken == Break::exceed_the_limit ? 1 : 0); ++i) {
    workers.emplace_back([&] {
      for (CallId id = next++; id < scenario.calls; id = next++) work(id);
    });
  }
}

inline void rate_limited(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  share_out(scenario, broken, [&](CallId id) {
    while (const auto wait = try_limited(client, scenario, id, recorder, broken))
      std::this_thread::sleep_for(*wait);
    if (broken == Break::make_one_twice && id == 0) client.get({scenario.run, id, recorder.start(id)});
  });
}

}  // namespace fanbench::toys
