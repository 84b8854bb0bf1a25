// The signal comes to this process alone, which has a thread wait for it; the workers go on, and are told to
// give up their calls when the grace is over.
#include <atomic>
#include <thread>

#include "impls/blocking/draining.hpp"
#include "impls/processes/processes.hpp"

namespace fanbench::processes {

void drain(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  using Clock = Recorder::Clock;
  if (scenario.calls == 0) return;
  std::atomic<bool> told = false;
  const std::jthread listener([&] {
    told = terminated_by(Clock::time_point::max());
    pool.wake();
  });
  CallId next = 0;
  while (!told) {
    const bool more = next < scenario.calls;
    const auto due = more ? recorder.began() + next * scenario.interval : Clock::time_point::max();
    if (Clock::now() < due || pool.full()) {
      pool.wait_for_one(pool.full() ? Clock::time_point::max() : due);
      continue;
    }
    recorder.ready(next);
    pool.submit(Task::call, next++);
  }
  const auto over = Clock::now() + scenario.grace;
  while (pool.busy() > 0 && Clock::now() < over) pool.wait_for_one(over);
  pool.cancel_all();
  recorder.leave_out(next, scenario.calls);
}

}  // namespace fanbench::processes
