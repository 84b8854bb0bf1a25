// Toys of the workloads in which calls fail or are given up.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "impls/blocking/asking.hpp"
#include "impls/blocking/call.hpp"
#include "impls/blocking/deadline.hpp"
#include "impls/blocking/draining.hpp"
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

inline void bridge(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  std::uint64_t of_others = 0;
  for (CallId first = 0; first < scenario.calls; first += calls_of_each(scenario)) {
    ask_in_turn(scenario, first, recorder, [&](Request request) {
      if (broken == Break::mix_up_callers && request.cursor != 0 && of_others != 0)
        request.cursor = of_others;
      const Reply reply = call(client, request, recorder);
      if (of_others == 0) of_others = reply.answer;
      return reply;
    });
  }
}

inline void drain(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  std::stop_source over;
  std::vector<std::jthread> threads;
  CallId next = 0;
  bool told = false;
  for (; next < scenario.calls; ++next) {
    told |= terminated_by(recorder.began() + next * scenario.interval);
    if (told && broken != Break::go_on_after_the_signal) break;
    threads.emplace_back([&, id = next] { call(client, {scenario.run, id}, recorder, {over.get_token()}); });
  }
  if (broken != Break::give_no_grace) std::this_thread::sleep_for(scenario.grace);
  if (broken != Break::forget_to_cancel) over.request_stop();
  threads.clear();
  recorder.leave_out(next, scenario.calls);
}

inline void background(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  std::vector<std::jthread> side;
  for (CallId id = 1; id < scenario.calls; ++id) {
    side.emplace_back([&, id] {
      const Reply reply = call(client, {scenario.run, id}, recorder);
      if (reply.verdict == Verdict::ok || broken == Break::lose_a_failure) return;
      recorder.event(id, 0, reply.status);
      if (broken == Break::report_twice) recorder.event(id, 0, reply.status);
    });
  }
  call(client, {scenario.run, 0}, recorder);
  if (broken == Break::wait_for_side_calls) side.clear();
  recorder.event(Recorder::none, 0, 0);
}

inline void take_the_slower(Recorder& recorder, CallId id) {
  for (const AttemptRecord& made : recorder.attempts_of(id)) {
    CallRecord& call = recorder.records()[id];
    if (made.finished <= call.finished) continue;
    call.finished = made.finished;
    call.answer = made.answer;
  }
}

/// One call and, if it is slow, its copy, as far as there are tokens.
inline void hedged_call(BlockingClient& client, const Scenario& scenario, CallId id,
                        std::atomic<std::int64_t>& tokens, Recorder& recorder, Break broken) {
  const bool cancels = broken != Break::forget_to_cancel && broken != Break::choose_the_wrong_one;
  const auto deadline = deadline_of(scenario, recorder);
  std::stop_source answered;
  const auto make = [&](Attempt attempt, Until until) {
    recorder.start(id, attempt);
    if (cancels) until.stop = answered.get_token();
    Reply reply = client.get({scenario.run, id, attempt}, until);
    if (broken == Break::keep_late_calls_open && Recorder::Clock::now() > deadline)
      reply = {.verdict = Verdict::timed_out};
    recorder.end(id, attempt, reply);
    answered.request_stop();
  };
  const bool at_once = broken == Break::copy_at_once && id % 2 == 1;
  const auto due = Recorder::Clock::now() + (at_once ? scenario.hedge_after / 10 : scenario.hedge_after);
  const Until in_time{.deadline = broken == Break::keep_late_calls_open ? Until{}.deadline : deadline};
  std::jthread first([&] { make(0, in_time); });
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  if (scenario.copies > 0) never.wait_until(lock, answered.get_token(), due, [] { return false; });
  if (broken == Break::copy_fast_calls) std::this_thread::sleep_until(due);
  const bool wanted = !answered.stop_requested() || broken == Break::copy_fast_calls;
  if (scenario.copies > 0 && wanted && broken != Break::copy_nothing && tokens-- > 0) {
    if (broken == Break::copy_too_late) {
      first.join();
      std::this_thread::sleep_until(deadline + std::chrono::milliseconds(200));
      answered = {};
    }
    make(1, broken == Break::copy_too_late ? Until{} : in_time);
  }
  if (first.joinable()) first.join();
  recorder.settle(id);
  if (broken == Break::choose_the_wrong_one) take_the_slower(recorder, id);
}

inline void hedged(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  std::atomic<std::int64_t> tokens = broken == Break::ignore_the_budget ? scenario.calls : scenario.copies;
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] { hedged_call(client, scenario, id, tokens, recorder, broken); });
    const bool last_of_page = (id + 1) % scenario.services == 0;
    if (broken == Break::page_after_page && last_of_page) threads.clear();
  }
}

inline void sit_out_its_page(const Scenario& scenario, CallId id, Recorder& recorder) {
  recorder.start(id, 0);
  std::this_thread::sleep_until(recorder.began() + scenario.deadline);
  recorder.end(id, 0, {.verdict = Verdict::timed_out});
  recorder.settle(id);
}

inline void page(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  Scenario changed = scenario;
  if (broken == Break::ignore_the_deadline) changed.deadline = {};
  if (broken == Break::halve_the_deadline) changed.deadline /= 2;
  if (broken == Break::double_the_deadline) changed.deadline *= 2;
  if (broken != Break::never_make_late_calls) return hedged(client, changed, recorder, broken);
  std::atomic<std::int64_t> tokens = 0;
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] {
      if (id % 2 == 1) return sit_out_its_page(scenario, id, recorder);
      hedged_call(client, scenario, id, tokens, recorder, broken);
    });
  }
}

inline void shield(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  std::stop_source cancelled;
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    const bool shielded = is_critical(scenario, id) && broken != Break::cancel_the_critical;
    threads.emplace_back([&, id, stop = shielded ? std::stop_token() : cancelled.get_token()] {
      call(client, {scenario.run, id}, recorder, {stop});
    });
  }
  if (broken == Break::ignore_the_deadline) return;
  std::this_thread::sleep_until(recorder.began() +
                                scenario.deadline / (broken == Break::halve_the_deadline ? 2 : 1));
  cancelled.request_stop();
}

}  // namespace fanbench::toys
