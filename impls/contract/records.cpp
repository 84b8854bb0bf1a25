// Takes records down: two readings of the clock for a call, and one more for each further attempt's start and
// end.
#include "impls/contract/records.hpp"

#include <tuple>

namespace fanbench {

Recorder::Recorder(std::span<CallRecord> calls, std::span<AttemptRecord> attempts, Clock::time_point began)
    : calls_(calls),
      attempts_(attempts),
      per_call_(calls.empty() ? 0 : static_cast<std::uint32_t>(attempts.size() / calls.size())),
      began_(began) {}

Attempt Recorder::start(CallId id) noexcept {
  CallRecord& call = calls_[id];
  const Attempt attempt = call.attempts++;
  if (attempt > 0 && per_call_ == 0) return attempt;
  const Nanoseconds started = now();
  if (attempt == 0) call.started = started;
  if (attempt < per_call_) attempts_of(id)[attempt].started = started;
  return attempt;
}

void Recorder::start(CallId id, Attempt attempt) noexcept { attempts_of(id)[attempt].started = now(); }

void Recorder::end(CallId id, Attempt attempt, const Reply& reply) noexcept {
  if (attempt >= per_call_) return;
  AttemptRecord& record = attempts_of(id)[attempt];
  record.finished = now();
  record.answer = reply.answer;
  record.status = reply.status;
  record.verdict = reply.verdict;
  record.retry_after = reply.retry_after;
}

void Recorder::finish(CallId id, const Reply& reply, Attempt attempt) noexcept {
  CallRecord& call = calls_[id];
  if (attempt == last) attempt = call.attempts - 1U;  // of a call that was never begun: beyond all records
  if (attempt < per_call_) {
    end(id, attempt, reply);
    call.finished = attempts_of(id)[attempt].finished;
  } else {
    call.finished = now();
  }
  call.answer = reply.answer;
  call.status = reply.status;
  call.verdict = reply.verdict;
}

void Recorder::settle(CallId id) noexcept {
  CallRecord& call = calls_[id];
  const auto rank = [](const AttemptRecord& made) {
    const bool cancelled = made.verdict == Verdict::cancelled;
    return std::tuple(cancelled, made.verdict == Verdict::timed_out, made.finished);
  };
  const AttemptRecord* decisive = nullptr;
  for (const AttemptRecord& made : attempts_of(id)) {
    if (made.verdict == Verdict::none) continue;
    ++call.attempts;
    if (decisive == nullptr || rank(made) < rank(*decisive)) decisive = &made;
  }
  if (decisive == nullptr) return;
  call.started = attempts_of(id).front().started;
  call.finished = decisive->finished;
  call.answer = decisive->answer;
  call.status = decisive->status;
  call.verdict = decisive->verdict;
}

void Recorder::leave_out(CallId id, CallId end) noexcept {
  for (; id < end; ++id) finish(id, {.verdict = Verdict::cancelled});
}

void Recorder::event(const EventRecord& event) {
  const std::lock_guard lock(mutex_);
  events_.push_back(event);
}

void Recorder::task_begins() noexcept {
  const std::uint32_t live = ++live_tasks_;
  for (std::uint32_t peak = tasks_peak_; peak < live && !tasks_peak_.compare_exchange_weak(peak, live);) {
  }
}

void Recorder::beat(std::uint32_t n, Nanoseconds at) {
  const Nanoseconds lag = began_ + at - beat_due(n);
  const std::lock_guard lock(mutex_);
  lags_.push_back(lag);
}

}  // namespace fanbench
