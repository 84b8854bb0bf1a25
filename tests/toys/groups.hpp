// Toys of the workloads in which calls fail or are given up.
#pragma once

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/blocking/deadline.hpp"
#include "tests/toys/break.hpp"

namespace fanbench::toys {

inline void hide_a_failure(Recorder& recorder) {
  for (CallRecord& record : recorder.records()) {
    if (record.verdict == Verdict::http_error) record.verdict = Verdict::ok;
  }
}

inline void skip_an_attempt(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  const Attempt first = recorder.start(0);
  recorder.end(0, first, {.verdict = Verdict::http_error, .status = 503});
  std::this_thread::sleep_for(backoff(scenario, 0, 0, {}));
  const Attempt second = recorder.start(0);
  recorder.finish(0, client.get({scenario.run, 0, second}));
}

/// The first two of call 0.
inline void forge_attempts(const Scenario& scenario, Recorder& recorder, Break broken) {
  const auto attempts = recorder.attempts_of(0);
  if (broken == Break::swap_two_attempts) {
    std::swap(attempts[0].verdict, attempts[1].verdict);
    std::swap(attempts[0].status, attempts[1].status);
    std::swap(attempts[0].answer, attempts[1].answer);
  }
  if (broken == Break::record_an_early_failure) attempts[0].finished = attempts[0].started;
  if (broken == Break::record_a_longer_wait)
    attempts[1].started = attempts[0].finished + backoff(scenario, 0, 0, {});
}

/// One after another, and the failure ends nothing.
inline void go_on_after_failure(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) {
    const Reply reply = call(client, {scenario.run, id}, recorder);
    if (reply.verdict != Verdict::ok && recorder.chosen() == Recorder::none) recorder.choose(id);
  }
}

inline void task_group(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  if (broken == Break::begin_after_failure) return go_on_after_failure(client, scenario, recorder);
  std::stop_source stop;
  std::mutex mutex;
  CallId first = Recorder::none, last = Recorder::none;
  {
    std::vector<std::jthread> threads;
    for (CallId id = 0; id < scenario.calls; ++id) {
      threads.emplace_back([&, id] {
        const Reply reply = call(client, {scenario.run, id}, recorder, {stop.get_token()});
        if (reply.verdict == Verdict::ok || reply.verdict == Verdict::cancelled) return;
        const std::lock_guard lock(mutex);
        last = id;
        if (first != Recorder::none) return;
        first = id;
        if (broken != Break::forget_to_cancel && broken != Break::choose_the_wrong_one) stop.request_stop();
      });
    }
  }
  if (broken == Break::choose_nobody) return;
  recorder.choose(broken == Break::choose_the_wrong_one ? last : first);
  if (broken != Break::cancel_completed_calls) return;
  for (CallRecord& record : recorder.records()) {
    if (record.verdict == Verdict::ok) record.verdict = Verdict::cancelled;
  }
}

/// It happens to know the winner.
inline void make_one_only(BlockingClient& client, const Scenario& scenario, Recorder& recorder,
                          Break broken) {
  constexpr CallId winner = 0;
  call(client, {scenario.run, winner}, recorder);
  recorder.choose(winner);
  for (CallId id = 0; id < scenario.calls; ++id) {
    if (id == winner) continue;
    if (broken == Break::forge_the_others) recorder.start(id);
    recorder.finish(id, {.verdict = Verdict::cancelled});
  }
}

inline void sit_out(const Scenario& scenario, CallId id, Recorder& recorder) {
  recorder.start(id);
  std::this_thread::sleep_until(recorder.began() + scenario.deadline);
  recorder.finish(id, {.verdict = Verdict::timed_out});
}

inline void timeout(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  Scenario changed = scenario;
  if (broken == Break::ignore_the_deadline) changed.deadline = std::chrono::hours(1);
  if (broken == Break::halve_the_deadline) changed.deadline /= 2;
  if (broken == Break::double_the_deadline) changed.deadline *= 2;
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] {
      if (broken == Break::never_make_late_calls && id % 2 == 1) return sit_out(scenario, id, recorder);
      if (broken != Break::keep_late_calls_open) return call_in_time(client, changed, id, recorder);
      recorder.start(id);
      const Reply reply = client.get({scenario.run, id});
      const bool late = Recorder::Clock::now() - recorder.began() > scenario.deadline;
      recorder.finish(id, late ? Reply{.verdict = Verdict::timed_out} : reply);
    });
  }
}

}  // namespace fanbench::toys
