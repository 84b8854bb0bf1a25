// A small case of each workload.
#pragma once

#include <string>
#include <utility>

#include "bench/specification/checks.hpp"
#include "bench/specification/specification.hpp"

namespace fanbench::cases {

using namespace std::chrono_literals;

inline Case a_case(std::string workload, std::uint32_t calls) {
  return {.name = workload + "/toy",
          .workload = workload,
          .model = "toy",
          .scenario = {.calls = calls, .seed = 7},
          .plan = {.seed = 7, .delay = FixedDelay{30ms}},
          .iterations = 1};
}

inline Case gather_case() { return a_case("gather", 5); }

inline Case semaphore_case() {
  Case c = a_case("semaphore", 6);
  c.scenario.limit = 2;
  return c;
}

inline Case first_completed_case() {
  Case c = a_case("first_completed", 4);
  c.plan.delay = UniformDelay{20ms, 2s};
  while (specification_of("first_completed").refuse(c)) ++c.plan.seed;
  return c;
}

inline Case retry_case() {
  Case c = a_case("retry", 4);
  c.scenario.attempts = 3;
  c.scenario.backoff = 40ms;
  c.plan.failures = {.rate = 1, .attempts = 1, .kinds = {503}};
  return c;
}

/// Two attempts at once; each call needs two, and by the time that the second pair of calls has failed all
/// others surely wait for a permit.
inline Case limited_retry_case() {
  Case c = retry_case();
  c.scenario.calls = 12;
  c.scenario.limit = 2;
  c.plan.delay = FixedDelay{60ms};
  return c;
}

/// The same case with the first seed that gives a plan of which `wanted` is true.
template <class Wanted>
Case with_seed(Case c, Wanted wanted) {
  while (!wanted(std::as_const(c))) ++c.plan.seed;
  return c;
}

inline Case all_settled_case() {
  Case c = a_case("all_settled", 6);
  c.plan.failures = {.rate = 0.5, .kinds = {503, Failures::reset}};
  return with_seed(c, [](const Case& drawn) {
    const auto status = [&](CallId id) { return planned_reply(drawn.plan, id, 0).status; };
    return status(1) == 503 && status(2) == Failures::reset && status(3) == 200;
  });
}

/// Call 2 is the first to fail; call 1 succeeds long before it, call 3 fails long after it, call 4 would
/// succeed.
inline Case task_group_case() {
  Case c = a_case("task_group", 5);
  c.plan.delay = UniformDelay{20ms, 1s};
  c.plan.failures = {.rate = 0.5};
  return with_seed(c, [](const Case& drawn) {
    const Nanoseconds first = delay(drawn, 2);
    return first > delay(drawn, 1) + 150ms && delay(drawn, 3) > first + 250ms &&
           delay(drawn, 4) > first + 250ms && !fails(drawn, 0) && !fails(drawn, 1) && fails(drawn, 2) &&
           fails(drawn, 3) && !fails(drawn, 4);
  });
}

/// The plan in which calls are fast (f: 30 ms) or slow (s: 100 ms) as told.
inline Case with_pattern(Case c, std::string_view pattern) {
  c.scenario.calls = static_cast<std::uint32_t>(pattern.size());
  c.plan.delay = BimodalDelay{30ms, 100ms, 0.5};
  return with_seed(c, [pattern](const Case& drawn) {
    for (CallId id = 0; id < pattern.size(); ++id) {
      if (delay(drawn, id) != (pattern[id] == 'f' ? 30ms : 100ms)) return false;
    }
    return true;
  });
}

/// Calls 1 and 3 are late.
inline Case timeout_case(Scope scope = Scope::call) {
  Case c = with_pattern(a_case("timeout", 4), "fsfs");
  c.plan.delay = BimodalDelay{30ms, 500ms, 0.5};
  c.scenario.deadline = 120ms;
  c.scenario.scope = scope;
  return c;
}

/// Calls come at 0, 20 … 140 ms, and the signal at 70: calls 0 and 3 are fast, 1 and 2 slow.
inline Case drain_case() {
  Case c = with_pattern(a_case("drain", 8), "fssfffff");
  c.plan.delay = BimodalDelay{30ms, 500ms, 0.5};
  c.scenario.interval = 20ms;
  c.scenario.deadline = 70ms;
  c.scenario.grace = 60ms;
  return c;
}

inline Case bridge_case() {
  Case c = a_case("bridge", 6);
  c.scenario.callers = 2;
  c.plan.chain = 3;
  return c;
}

/// The request's own call is fast and 2 are slow; 2 fails.
inline Case background_case() {
  Case c = a_case("background", 4);
  c.plan.delay = BimodalDelay{30ms, 200ms, 0.5};
  c.plan.failures = {.rate = 0.5, .kinds = {503}};
  return with_seed(c, [](const Case& drawn) {
    for (CallId id = 0; id < 4; ++id) {
      if (delay(drawn, id) != (id == 1 || id == 2 ? 200ms : 30ms) || fails(drawn, id) != (id == 2))
        return false;
    }
    return true;
  });
}

/// Calls 1 and 3 are slow; their copies are not.
inline Case hedged_case() {
  Case c = a_case("hedged", 4);
  c.plan.delay = BimodalDelay{30ms, 500ms, 0.5};
  c.scenario.hedge_after = 120ms;
  c.scenario.attempts = 2;
  c.scenario.copies = 4;
  return with_seed(c, [](const Case& drawn) {
    for (CallId id = 0; id < 4; ++id) {
      if (delay(drawn, id) != (id % 2 ? 500ms : 30ms) || (id % 2 && delay(drawn, id, 1) != 30ms))
        return false;
    }
    return true;
  });
}

/// The same calls, those of two pages.
inline Case page_case() {
  Case c = hedged_case();
  c.name = "page/toy";
  c.workload = "page";
  c.scenario.services = 2;
  c.slow_after = 250ms;
  return c;
}

/// Two pages that are not hedged: calls 1 and 3 are late.
inline Case page_in_time_case() {
  Case c = page_case();
  c.scenario.hedge_after = {};
  c.scenario.copies = 0;
  c.scenario.deadline = 120ms;
  return c;
}

/// A call may pass each 50 ms; three workers.
inline Case rate_limited_case() {
  Case c = a_case("rate_limited", 6);
  c.plan.capacity.per_second = 20;
  c.scenario.limit = 3;
  specification_of("rate_limited").settle(c);
  return c;
}

inline Case llm_client_case() {
  Case c = rate_limited_case();
  c.workload = "llm_client";
  c.plan.stream = {.events = 5, .interval = 25ms};
  specification_of("llm_client").settle(c);
  return c;
}

/// Two hosts with 12 listings of 4 pages and 4 workers each, which read them in 255 ms.
inline Case crawl_case(Nanoseconds budget = 2s) {
  Case c = a_case("crawl", 96);
  c.plan.delay = FixedDelay{20ms};
  c.work = 1ms;
  c.scenario.cpus = c.scenario.hosts = 2;
  c.scenario.pages = c.scenario.limit = 4;
  c.scenario.deadline = budget;
  c.scenario.grace = 50ms;
  specification_of("crawl").settle(c);
  return c;
}

/// A page in flight at each of two hosts when the budget ends, which takes longer than the grace.
inline Case cut_crawl_case() {
  Case c = crawl_case(450ms);
  c.plan.delay = FixedDelay{400ms};
  c.scenario.calls = 8;
  c.scenario.limit = 1;
  return c;
}

inline Case stream_case() {
  Case c = a_case("stream", 3);
  c.plan.stream = {.events = 5, .interval = 25ms};
  specification_of("stream").settle(c);
  return c;
}

/// Streams of 505 ms, of which seven events have come when they are given up.
inline Case cancelled_stream_case() {
  Case c = stream_case();
  c.plan.stream.events = 20;
  c.scenario.deadline = 190ms;
  return c;
}

/// Four messages to three subscribers.
inline Case broadcast_case() {
  Case c = a_case("broadcast", 3);
  c.scenario.messages = 4;
  c.scenario.interval = 60ms;
  specification_of("broadcast").settle(c);
  return c;
}

/// Calls 0 and 2 are critical; 1 and 2 take long.
inline Case shield_case() {
  Case c = with_pattern(a_case("shield", 4), "fssf");
  c.plan.delay = BimodalDelay{30ms, 500ms, 0.5};
  c.scenario.deadline = 120ms;
  c.scenario.critical_every = 2;
  return c;
}

inline Case worker_pool_case() {
  Case c = semaphore_case();
  c.workload = "worker_pool";
  return c;
}

inline Case producer_consumer_case(Order order = Order::fifo) {
  Case c = a_case("producer_consumer", 12);
  c.plan.delay = FixedDelay{50ms};
  c.scenario.consumers = 2;
  c.scenario.capacity = 3;
  c.scenario.order = order;
  return c;
}

inline Case pipeline_case(Mode mode = Mode::streamed) {
  Case c = with_pattern(a_case("pipeline", 9), "fssssffff");
  c.plan.chain = Scenario::stages;
  c.scenario.mode = mode;
  return c;
}

inline Case paginate_case(std::uint32_t prefetch = 0) {
  Case c = a_case("paginate", 8);
  c.scenario.pages = c.plan.chain = 4;
  c.scenario.prefetch = prefetch;
  c.scenario.consume = 50ms;
  return c;
}

inline Case early_start_case() {
  Case c = a_case("early_start", 4);
  c.plan.delay = FixedDelay{120ms};
  c.work = 60ms;
  return c;
}

inline Case mixed_case() {
  Case c = a_case("mixed", 4);
  c.plan.delay = FixedDelay{120ms};
  c.work = 2ms;
  c.scenario.cpus = 2;
  c.scenario.watchdog = true;
  return c;
}

inline Case cpu_case() {
  Case c = a_case("cpu", 4);
  c.work = 2ms;
  c.scenario.cpus = 2;
  return c;
}

}  // namespace fanbench::cases
