// Toys of the workloads in which a call needs the one before.
#pragma once

#include <barrier>
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "tests/toys/break.hpp"

namespace fanbench::toys {

inline void pipeline(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  const std::uint32_t items = scenario.calls / Scenario::stages;
  std::barrier stage_ended(items);
  const bool wait = scenario.mode == Mode::barrier && broken != Break::ignore_the_barrier;
  std::vector<std::jthread> threads;
  for (std::uint32_t item = 0; item < items; ++item) {
    threads.emplace_back([&, item] {
      Reply reply;
      for (CallId id = item * Scenario::stages; id < (item + 1) * Scenario::stages; ++id) {
        if (id % Scenario::stages > 0) recorder.ready(id);
        if (broken == Break::forget_the_cursor) reply.answer = 0;
        reply = call(client, {.run = scenario.run, .id = id, .cursor = reply.answer}, recorder);
        if (wait) stage_ended.arrive_and_wait();
      }
    });
  }
}

inline void paginate(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  std::vector<std::jthread> threads;
  const bool ahead = scenario.prefetch > 0 && broken != Break::fetch_nothing_ahead;
  for (CallId first = 0; first < scenario.calls; first += scenario.pages) {
    threads.emplace_back([&, first, ahead] {
      auto consumed = Recorder::Clock::now();  // when the page before was
      Reply reply = call(client, {scenario.run, first}, recorder);
      for (CallId id = first + 1; reply.more; ++id) {
        if (broken != Break::fetch_too_far_ahead) std::this_thread::sleep_until(consumed);
        consumed = Recorder::Clock::now();
        if (broken != Break::consume_in_no_time) consumed += scenario.consume;
        if (!ahead) std::this_thread::sleep_until(consumed);
        if (broken == Break::skip_a_page && id == first + 1) ++id;
        recorder.ready(id);
        reply = call(client, {.run = scenario.run, .id = id, .cursor = reply.answer}, recorder);
      }
      std::this_thread::sleep_until(consumed);
      if (broken != Break::consume_in_no_time) std::this_thread::sleep_for(scenario.consume);
    });
  }
}

}  // namespace fanbench::toys
