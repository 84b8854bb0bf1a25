// Random cases of every workload, by a seed.
#pragma once

#include <algorithm>
#include <random>

#include "bench/specification/specification.hpp"
#include "tests/sanitized.hpp"

namespace fanbench {

using namespace std::chrono_literals;

using Random = std::mt19937_64;

/// One of the values, all equally likely. Not std::uniform_int_distribution, which differs between libraries.
template <class T>
T pick(Random& random, std::initializer_list<T> values) {
  return values.begin()[random() % values.size()];
}

inline bool has_key(const Specification& specification, std::string_view key) {
  return std::ranges::find(specification.keys, key, &Key::name) != specification.keys.end();
}

inline Case random_case(std::string_view workload, std::uint64_t seed) {
  const Specification& specification = specification_of(workload);
  Random random(seed);
  Case c;
  c.workload = workload;
  c.plan.seed = seed;
  Scenario& scenario = c.scenario;
  const auto size = pick<std::uint32_t>(random, {0, 1, 1, 2, 3, 5, 8, 13, 20});
  scenario.seed = seed;
  c.transport = pick(random, {"native", "curl"});
  if (specification.subscribes) c.transport = "native";  // curl has no WebSockets
  c.connection = pick(random, {Connection::reuse, Connection::per_call});
  c.cold = pick(random, {false, true});
  c.plan.delay = pick<Delay>(random, {FixedDelay{}, FixedDelay{10ms}, UniformDelay{0ms, 30ms},
                                      LognormalDelay{5ms, 40ms}, BimodalDelay{2ms, 40ms, 0.2}});
  c.plan.body_bytes = pick<std::size_t>(random, {17, 64, 3000});
  scenario.limit = pick<std::uint32_t>(random, {1, 2, 7, size + 5});
  if (workload == "retry" && pick(random, {false, true})) scenario.limit = 0;  // it need not have one
  scenario.attempts = pick<std::uint32_t>(random, {1, 2, 4});
  scenario.backoff = pick<Nanoseconds>(random, {0ms, 1ms, 8ms});
  if (has_key(specification, "failures")) {
    c.plan.failures = {
        .rate = pick(random, {0.0, 0.3, 1.0}),
        .attempts = pick<Attempt>(random, {1, 3}),
        .kinds = {503, 429, 404, Failures::reset, Failures::reset_body, Failures::cut, Failures::garbage},
        .retry_after = pick<Nanoseconds>(random, {0ms, 5ms})};
  }
  scenario.deadline = pick<Nanoseconds>(random, {1ms, 60ms, 500ms});  // 1 ms: shorter than every delay
  scenario.scope = pick(random, {Scope::call, Scope::group});
  scenario.producers = pick<std::uint32_t>(random, {1, 2, 5});
  scenario.consumers = pick<std::uint32_t>(random, {1, 3, 30});
  scenario.capacity = pick<std::uint32_t>(random, {1, 2, 50});
  scenario.order = pick(random, {Order::fifo, Order::lifo, Order::priority});
  scenario.mode = pick(random, {Mode::barrier, Mode::streamed});
  scenario.prefetch = pick<std::uint32_t>(random, {0, 1});
  scenario.consume = pick<Nanoseconds>(random, {0ms, 30ms});
  scenario.placement = pick(random, {Placement::in_line, Placement::offload});
  scenario.pages = pick<std::uint32_t>(random, {1, 2, 4});
  if (has_key(specification, "work")) c.work = pick<Nanoseconds>(random, {60ms, 100ms});
  if (has_key(specification, "cpu_per_call")) c.work = pick<Nanoseconds>(random, {0ms, 1ms});
  scenario.hedge_after = pick<Nanoseconds>(random, {60ms, 120ms});
  c.hedge_budget = pick(random, {0.0, 0.3, 1.0});
  scenario.critical_every = pick<std::uint32_t>(random, {1, 2, 4});
  scenario.callers = pick<std::uint32_t>(random, {1, 2, 5});
  scenario.interval = pick<Nanoseconds>(random, {1ms, 5ms});
  scenario.grace = pick<Nanoseconds>(random, {10ms, 60ms});
  if (has_key(specification, "per_second")) {
    c.plan.delay = pick<Delay>(random, {FixedDelay{}, FixedDelay{10ms}, UniformDelay{5ms, 40ms}});
    c.plan.capacity = {.per_second = pick<std::uint32_t>(random, {50, 200, 1000}),
                       .burst = pick<std::uint32_t>(random, {1, 3})};
    scenario.heeds_retry_after = pick(random, {false, true});
    scenario.backoff = std::max<Nanoseconds>(scenario.backoff, 1ms);
  }
  if (has_key(specification, "hosts")) scenario.hosts = pick<std::uint32_t>(random, {1, 2, 3});
  if (specification.subscribes) {
    scenario.messages = pick<std::uint32_t>(random, {1, 2, 6});
    scenario.interval = pick<Nanoseconds>(random, {40ms, 60ms});
  }
  if (has_key(specification, "events"))
    c.plan.stream = pick<StreamPlan>(random, {{.events = 1, .interval = 1ms},
                                              {.events = 2, .interval = 100ms},
                                              {.events = 6, .interval = 17ms},
                                              {.events = 90, .interval = 1ms}});
  if (specification.refuses_slots.empty()) c.plan.capacity.slots = pick<std::uint32_t>(random, {0, 0, 0, 4});
  if (workload == "stream") {
    if (pick(random, {false, true}))
      scenario.deadline = {};  // they need not be given up
    else
      c.plan.capacity.slots = 0;
  }
  if (has_key(specification, "services")) {
    scenario.services = pick<std::uint32_t>(random, {1, 2, 4});
    if (pick(random, {false, true})) scenario.deadline = {};
    if (pick(random, {false, true})) scenario.hedge_after = {};
    if (scenario.hedge_after == Nanoseconds{}) c.hedge_budget = 1;
    if (pick(random, {false, true})) c.plan.delay = BimodalDelay{20ms, 300ms, 0.4};
  }
  if (specification.hedges && !has_key(specification, "deadline")) scenario.deadline = {};
  const bool dealt_out =
      has_key(specification, "callers");  // of others' chains there are as many as is drawn
  scenario.calls = size * scenario.hosts * (dealt_out ? scenario.callers : 1);
  scenario.calls -= scenario.calls % scenario.services;
  if (specification.settle) specification.settle(c);
  if (!dealt_out) scenario.calls *= c.plan.chain;
  return c;
}

/// The same, with delays that leave no doubt about the outcome.
inline Case verifiable_case(std::string_view workload, std::uint64_t seed) {
  Case c = random_case(workload, seed);
  const Specification& specification = specification_of(workload);
  if ((sanitized && specification.gives_up) || has_key(specification, "cancel_after"))
    c.cold = false;  // workers may start more slowly than calls are given up
  if (sanitized &&
      c.scenario.deadline > Nanoseconds::zero())  // twenty workers that all begin have to be in time
    c.scenario.deadline = std::max<Nanoseconds>(c.scenario.deadline, 120ms);
  for (int i = 0; specification.refuse(c); ++i) {
    if (i == 0) c.plan.delay = specification.returned ? UniformDelay{0ms, 120ms} : UniformDelay{60ms, 200ms};
    if (i == 0 &&
        (has_key(specification, "cancel_after") || specification.hedges)) {  // long before or after one time
      c.plan.delay = BimodalDelay{20ms, 300ms, 0.4};
      (specification.hedges ? c.scenario.hedge_after : c.scenario.deadline) = 120ms;
    }
    if (i == 200) c.plan.delay = specification.returned ? UniformDelay{0ms, 500ms} : UniformDelay{60ms, 2s};
    if (i == 400)
      return verifiable_case(workload, seed + 1000);  // with these calls there is doubt whatever they take
    ++c.plan.seed;
  }
  return c;
}

}  // namespace fanbench
