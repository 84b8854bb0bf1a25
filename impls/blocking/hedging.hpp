// Calls of which slow ones get a second copy, by models that block a thread in each copy.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <queue>
#include <stop_token>
#include <utility>
#include <vector>

#include "impls/contract/records.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench {

/// For the calls of one run, from many threads.
class Hedging {
 public:
  Hedging(BlockingClient& client, const Scenario& scenario, Recorder& recorder)
      : client_(client),
        scenario_(scenario),
        recorder_(recorder),
        deadline_(deadline_of(scenario, recorder)),
        answered_(scenario.calls),
        left_(scenario.calls) {}

  /// A call's first copy.
  void make_first(CallId id) {
    {
      const std::lock_guard lock(mutex_);
      begun_.emplace(id, Recorder::Clock::now());
    }
    changed_.notify_one();
    make(id, 0);
  }
  /// Its second, unless it has its reply by then.
  void make_second(CallId id) {
    if (!answered_[id].stop_requested()) make(id, 1);
  }

  /// Calls start_second(id) for each call that has no reply when its second copy is due, as far as there are
  /// tokens, and returns when nobody needs one any more.
  template <class Start>
  void hedge(const Start& start_second) {
    for (std::uint32_t tokens = scenario_.copies; tokens > 0;) {
      const auto id = next_due();
      if (!id) return;
      if (answered_[*id].stop_requested()) continue;
      --tokens;
      start_second(*id);
    }
  }
  /// To be called when all copies have ended.
  void settle() {
    for (CallId id = 0; id < scenario_.calls; ++id) recorder_.settle(id);
  }

 private:
  /// The first to be answered, or to time out, takes the other out of its call.
  void make(CallId id, Attempt attempt) {
    recorder_.start(id, attempt);
    const Reply reply =
        client_.get({scenario_.run, id, attempt}, {.stop = answered_[id].get_token(), .deadline = deadline_});
    recorder_.end(id, attempt, reply);
    if (!answered_[id].request_stop()) return;  // true for the first request only
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) changed_.notify_one();
  }

  /// Waits until a second copy is due, of the call that began first; nothing when all calls are answered.
  std::optional<CallId> next_due() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return left_ == 0 || !begun_.empty(); });
    if (left_ == 0) return std::nullopt;
    const auto [id, began] = begun_.front();
    begun_.pop();
    if (changed_.wait_until(lock, began + scenario_.hedge_after, [this] { return left_ == 0; }))
      return std::nullopt;
    return id;
  }

  BlockingClient& client_;
  const Scenario& scenario_;
  Recorder& recorder_;
  Until::Clock::time_point deadline_;       // of all calls: page's, where it has one; hedged has none
  std::vector<std::stop_source> answered_;  // by call id
  std::mutex mutex_;                        // of what follows
  std::condition_variable changed_;
  std::queue<std::pair<CallId, Recorder::Clock::time_point>> begun_;
  std::uint32_t left_;  // without a reply, and not timed out
};

}  // namespace fanbench
