// The clock of the heartbeat, for models that have a thread to spare for it.
#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "impls/contract/records.hpp"

namespace fanbench {

/// Calls beat(n) for n = 0, 1, … when each tick is due, or as soon as possible after; returns when a stop is
/// requested and no tick is due any more.
template <class Beat>
void keep_beating(const std::stop_token& stop, const Recorder& recorder, Beat beat) {
  std::mutex mutex;
  std::condition_variable_any stopped;  // nobody notifies it: a stop does
  std::unique_lock lock(mutex);
  for (std::uint32_t n = 0;; ++n) {
    stopped.wait_until(lock, stop, recorder.beat_due(n), [] { return false; });
    if (Recorder::Clock::now() < recorder.beat_due(n)) return;  // so it was the stop that ended the wait
    beat(n);
  }
}

/// A thread that does so while it exists, where the scenario has a watchdog.
template <class Beat>
std::jthread heartbeat_beside(const Scenario& scenario, const Recorder& recorder, Beat beat) {
  if (!scenario.watchdog) return {};
  return std::jthread([&recorder, beat](const std::stop_token& stop) { keep_beating(stop, recorder, beat); });
}

}  // namespace fanbench
