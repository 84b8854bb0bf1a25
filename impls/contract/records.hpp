// What a run leaves behind: a record of each call, of each attempt at it, and of events on the way.
#pragma once

#include <atomic>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "impls/contract/scenario.hpp"

namespace fanbench {

/// How a call ended. Every call ends in exactly one of these; `none` is a call that was lost.
enum class Verdict : std::uint8_t { none, ok, http_error, timed_out, cancelled, transport_error };

/// What one attempt of a call came to.
struct Reply {
  Verdict verdict = Verdict::none;
  std::uint16_t status = 0;   // HTTP status, 0 where none came
  Nanoseconds retry_after{};  // how long the server asked to wait before the next attempt, 0 where it did not
  std::uint64_t answer = 0;   // the body's first 16 bytes, hex: which call the server says it answered
  bool more = false;          // the call's chain goes on: the next call of it takes this answer as its cursor
};

/// What became of one call: times since the run began, and the reply that decided it.
struct CallRecord {
  Nanoseconds intended{}, started{}, finished{};
  std::uint64_t answer = 0;
  std::uint16_t status = 0;
  Verdict verdict = Verdict::none;
  std::uint8_t attempts = 0;
};
/// What became of one attempt at a call, in workloads that may make more than one.
struct AttemptRecord {
  Nanoseconds started{}, finished{};
  std::uint64_t answer = 0;
  std::uint16_t status = 0;
  Verdict verdict = Verdict::none;
  Nanoseconds retry_after{};  // as in the reply; of attempts after which the call went on
};
/// Something that happened on the way: a piece of a stream that came, a piece of work that was done.
struct EventRecord {
  Nanoseconds at{};          // since the run began
  CallId id = 0;             // of the call that it belongs to; Recorder::none: of the whole fan-out
  std::uint32_t number = 0;  // of the call's events, from 0 on
  std::uint64_t value = 0;   // what it brought
};
static_assert(std::is_trivially_copyable_v<CallRecord> && std::is_trivially_copyable_v<AttemptRecord> &&
                  std::is_trivially_copyable_v<EventRecord>,
              "worker processes hand them over as bytes");

/// How a model has used io_uring.
struct RingUse {
  std::uint64_t entries = 0, enters = 0;  // of system calls: 0 where it has not
};

/// Takes down what happens. Calls may be recorded from any thread, each id by one at a time.
class Recorder {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr CallId none = UINT32_MAX;
  static constexpr Attempt last = UINT32_MAX;  // the attempt that was begun last
  static constexpr Nanoseconds heartbeat = std::chrono::milliseconds(10);

  /// `attempts`: as many for each call as it may have, call by call; or empty, where one is all it has.
  explicit Recorder(std::span<CallRecord> calls, std::span<AttemptRecord> attempts = {},
                    Clock::time_point began = Clock::now());

  /// The call could start from now on: what it had to wait for by the workload's meaning is there. This is
  /// its intended start; without it, that is the beginning of the run.
  void ready(CallId id) noexcept { calls_[id].intended = now(); }
  /// An attempt at the call is about to be made; returns its number. The first sets the call's actual start.
  Attempt start(CallId id) noexcept;
  /// The same of an attempt that may be made beside others of its call: its start alone is taken down.
  void start(CallId id, Attempt attempt) noexcept;
  /// An attempt has ended, and the call goes on.
  void end(CallId id, Attempt attempt, const Reply& reply) noexcept;
  /// The call has ended with this reply, to the attempt begun last or the one that is named.
  void finish(CallId id, const Reply& reply, Attempt attempt = last) noexcept;
  /// The call has ended, as its attempts that were made beside each other say, none of which is under way:
  /// with the one that ended first, of those that were not given up; else of those that timed out.
  void settle(CallId id) noexcept;
  /// The calls from `id` to before `end` are not begun any more.
  void leave_out(CallId id, CallId end) noexcept;
  /// The workload's choice where it has one: first_completed's winner, the failure that task_group reports.
  void choose(CallId id) noexcept { chosen_ = id; }
  void event(CallId id, std::uint32_t number, std::uint64_t value) { event({now(), id, number, value}); }
  void event(const EventRecord& event);

  /// A unit of concurrency (coroutine, thread, task, job of a worker process) begins or ends; see LiveTask.
  void task_begins() noexcept;
  void task_ends() noexcept { --live_tasks_; }
  /// So many existed at once, as somebody else has counted.
  void tasks_were(std::uint32_t most) noexcept { tasks_peak_ = most; }
  /// To be told by a model with io_uring, of the run.
  void ring_used(RingUse use) noexcept { ring_ = use; }

  /// When tick n = 0, 1, … of the heartbeat that runs beside work is due.
  Clock::time_point beat_due(std::uint32_t n) const noexcept { return began_ + (n + 1) * heartbeat; }
  /// Tick n is made now. None is left out, however late.
  void beat(std::uint32_t n) { beat(n, now()); }
  /// It was made then, since the run began.
  void beat(std::uint32_t n, Nanoseconds at);

  /// Fails the run, with this reason; the first is kept. Not for many threads at once.
  void note(std::string text) {
    if (note_.empty()) note_ = std::move(text);
  }

  // To be asked when the run has ended; of records, while it goes on, those of calls that have ended.
  std::span<CallRecord> records() const noexcept { return calls_; }
  std::span<AttemptRecord> attempts_of(CallId id) const noexcept {
    return attempts_.subspan(std::size_t{id} * per_call_, per_call_);
  }
  std::uint32_t attempts_per_call() const noexcept { return per_call_; }  // for which there are records
  const std::vector<EventRecord>& events() const noexcept { return events_; }
  const std::vector<Nanoseconds>& lags() const noexcept { return lags_; }  // of the heartbeat's ticks
  const std::string& noted() const noexcept { return note_; }
  CallId chosen() const noexcept { return chosen_; }
  std::uint32_t tasks_peak() const noexcept { return tasks_peak_; }
  RingUse ring_use() const noexcept { return ring_; }
  Clock::time_point began() const noexcept { return began_; }

 private:
  Nanoseconds now() const noexcept { return Clock::now() - began_; }

  std::span<CallRecord> calls_;
  std::span<AttemptRecord> attempts_;
  std::uint32_t per_call_;
  Clock::time_point began_;
  CallId chosen_ = none;
  std::string note_;
  std::atomic<std::uint32_t> live_tasks_ = 0, tasks_peak_ = 0;
  RingUse ring_;
  std::mutex mutex_;  // of the two below
  std::vector<EventRecord> events_;
  std::vector<Nanoseconds> lags_;
};

/// page: when its calls are given up; never, where there is no deadline.
inline Recorder::Clock::time_point deadline_of(const Scenario& scenario, const Recorder& recorder) {
  if (scenario.deadline == Nanoseconds::zero()) return Recorder::Clock::time_point::max();
  return recorder.began() + scenario.deadline;
}

/// A task of the workload, for as long as it exists, begun or waiting.
class LiveTask {
 public:
  explicit LiveTask(Recorder& recorder) noexcept : recorder_(recorder) { recorder_.task_begins(); }
  LiveTask(const LiveTask&) = delete;
  LiveTask& operator=(const LiveTask&) = delete;
  ~LiveTask() { recorder_.task_ends(); }

 private:
  Recorder& recorder_;
};

}  // namespace fanbench
