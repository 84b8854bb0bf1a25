// Toys of the workloads in which calls are work.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/kernel.hpp"
#include "tests/toys/break.hpp"

namespace fanbench::toys {

inline Scenario with_less_work(Scenario scenario, Break broken) {
  if (broken == Break::forge_the_work) --scenario.kernel_steps;
  return scenario;
}

/// Ticks until a stop is requested; ticks that are due by then are still made.
inline void heartbeat(const std::stop_token& stop, Recorder& recorder, Break broken) {
  std::mutex mutex;
  std::condition_variable_any stopped;
  for (std::uint32_t n = 0;; n += broken == Break::skip_ticks ? 2 : 1) {
    const auto due = broken == Break::tick_too_early ? recorder.began() : recorder.beat_due(n);
    std::unique_lock lock(mutex);
    stopped.wait_until(lock, stop, due, [] { return false; });
    if (stop.stop_requested() && due > Recorder::Clock::now()) return;
    if (stop.stop_requested() && broken == Break::tick_too_early) return;
    recorder.beat(n);
  }
}

inline void mixed(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  const std::jthread beats([&](const std::stop_token& stop) { heartbeat(stop, recorder, broken); });
  const Scenario work = with_less_work(scenario, broken);
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] {
      recorder.start(id);
      recorder.finish(id, digest(work, client.get({scenario.run, id})));
    });
  }
}

/// Work before, beside or after the calls.
inline void early_start(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  const Scenario work = with_less_work(scenario, broken);
  if (broken == Break::work_first) work_meanwhile(work, recorder);
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] { call(client, {scenario.run, id}, recorder); });
  }
  if (broken == Break::await_first) threads.clear();
  if (broken != Break::work_first && broken != Break::work_never) work_meanwhile(work, recorder);
}

inline void cpu(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  const Scenario work = with_less_work(scenario, broken);
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] {
      recorder.start(id);
      if (broken == Break::call_the_server) client.get({scenario.run, id});
      recorder.finish(id, compute(work, id));
    });
  }
}

}  // namespace fanbench::toys
