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
  const auto due = [&](CallId id) {
    return id < scenario.calls ? recorder.began() + id * scenario.interval : Clock::time_point::max();
  };
  CallId come = 0, next = 0;  // how many calls have come, and which of them is handed out next
  while (!told) {
    while (Clock::now() >= due(come)) recorder.ready(come++);
    if (next < come && !pool.full())
      pool.submit(Task::call, next++);
    else
      pool.wait_for_one(due(come));
  }
  const auto over = Clock::now() + scenario.grace;
  while (pool.busy() > 0 && Clock::now() < over) pool.wait_for_one(over);
  pool.cancel_all();
  recorder.leave_out(next, scenario.calls);
}

}  // namespace fanbench::processes
