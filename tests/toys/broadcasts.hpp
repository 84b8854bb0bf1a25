// Toys in a room: subscribers that tell something else than they heard, and publishers that keep no rule.
#pragma once

#include <algorithm>
#include <array>
#include <latch>
#include <thread>
#include <vector>

#include "impls/http/blocking.hpp"
#include "impls/http/messages.hpp"
#include "tests/toys/break.hpp"
#include "tests/toys/streams.hpp"

namespace fanbench::toys {

class Room {
 public:
  Room(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken)
      : client_(client),
        scenario_(scenario),
        recorder_(recorder),
        broken_(broken),
        outside_(scenario.calls - (broken == Break::publish_too_soon)) {}

  void run() {
    const auto publisher = client_.enter_room(scenario_.run);
    std::vector<std::jthread> subscribers;
    for (CallId id = 0; id < scenario_.calls; ++id) {
      subscribers.emplace_back(
          [this, id] { id == 1 && broken_ == Break::skip_a_call ? skip() : subscribe(id); });
    }
    outside_.wait();
    publish(*publisher);
    subscribers.clear();
    if (broken_ == Break::skip_a_call) forge();
  }

 private:
  void subscribe(CallId id) {
    std::array<CallRecord, 1> nothing;
    Recorder own(nothing, {}, recorder_.began());
    Subscription subscription(scenario_, id, own);
    recorder_.start(id);
    const bool late = broken_ == Break::publish_too_soon && id + 1 == scenario_.calls;
    if (late) said_.wait();
    const auto socket = client_.enter_room(scenario_.run);
    if (!late) outside_.count_down();
    while (!subscription.complete()) subscription.take(socket->hear().value());
    auto events = told(own.events(), Recorder::Clock::now() - recorder_.began(), broken_);
    if (broken_ == Break::foresee_a_message) events[2].at = events[1].at;
    for (const EventRecord& event : events) recorder_.event(event);
    Reply reply = subscription.reply(false);
    if (broken_ == Break::answer_with_the_first) reply.answer = events[0].value;
    recorder_.finish(id, reply);
  }

  void publish(BlockingSocket& socket) {
    for (Publication publication(scenario_, recorder_); !publication.over();) {
      if (broken_ != Break::publish_at_once) std::this_thread::sleep_until(publication.due());
      socket.say(publication.take());
      if (said_.try_wait()) continue;
      said_.count_down();
    }
    if (broken_ == Break::publish_once_more) socket.say(text_of_message(scenario_.messages, 0));
  }

  /// Subscriber 1 is never in the room,
  void skip() {
    recorder_.start(1);
    outside_.count_down();
  }
  /// and tells what another heard.
  void forge() {
    const auto events = recorder_.events();
    for (EventRecord event : events) {
      if (event.id == 0) recorder_.event({event.at, 1, event.number, event.value});
    }
    recorder_.finish(1, {.verdict = Verdict::ok, .answer = recorder_.records()[0].answer});
  }

  BlockingClient& client_;
  const Scenario& scenario_;
  Recorder& recorder_;
  Break broken_;
  std::latch outside_, said_{1};  // who is not in the room yet; the first message
};

inline void broadcast(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  Room(client, scenario, recorder, broken).run();
}

}  // namespace fanbench::toys
