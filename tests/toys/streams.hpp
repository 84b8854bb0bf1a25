// Toys that take streams of events, and may say something else of them.
#pragma once

#include <array>
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/http/events.hpp"
#include "tests/toys/break.hpp"
#include "tests/toys/retries.hpp"

namespace fanbench::toys {

/// What the toy records in the place of these events of a stream, which came in time.
inline std::vector<EventRecord> told(std::vector<EventRecord> events, Nanoseconds now, Break broken) {
  if (broken == Break::lose_an_event) events.erase(events.begin() + 1);
  if (broken == Break::tell_an_event_twice) events.insert(events.begin() + 1, events[1]);
  if (broken == Break::swap_two_events) std::swap(events[1].number, events[2].number);
  if (broken == Break::swap_two_replies) events[1].value ^= 1;
  if (broken == Break::take_halves_for_events) events[2].at = events[1].at;
  if (broken == Break::leave_events_unread) events.erase(events.begin() + 1, events.end());
  if (broken == Break::go_on_reading) {
    EventRecord next = events.back();
    ++next.number;
    next.at = now;
    events.push_back(next);
  }
  if (broken == Break::wait_for_the_end) {
    for (EventRecord& event : events) event.at = events.back().at;
  }
  return events;
}

/// What `take` reads as the call's stream, as the toy tells it.
template <class Take>
void tell(CallId id, Recorder& recorder, Break broken, const Take& take) {
  std::array<CallRecord, 1> nothing;
  Recorder own(nothing, {}, recorder.began());
  EventReader events(id, own);
  take(events);
  const Nanoseconds now = Recorder::Clock::now() - recorder.began();
  for (const EventRecord& event : told(own.events(), now, broken)) recorder.event(event);
}

inline void stream(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  Nanoseconds deadline = scenario.deadline;
  if (broken == Break::halve_the_deadline) deadline /= 2;
  if (broken == Break::double_the_deadline) deadline *= 2;
  Until until;
  if (deadline > Nanoseconds::zero() && broken != Break::ignore_the_deadline)
    until.deadline = recorder.began() + deadline;
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] {
      tell(id, recorder, broken, [&](EventReader& events) {
        call(client, {.run = scenario.run, .id = id, .reader = &events}, recorder, until);
      });
    });
  }
}

inline void llm_client(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  share_out(scenario, broken, [&](CallId id) {
    tell(id, recorder, broken, [&](EventReader& events) {
      while (const auto wait = try_limited(client, scenario, id, recorder, broken, &events))
        std::this_thread::sleep_for(*wait);
    });
  });
}

}  // namespace fanbench::toys
