// Each call, or the whole group of them, has a timer that cancels it, and calls its timer off when it ends.
#include <deque>

#include "impls/callbacks/group.hpp"

namespace fanbench::callbacks {
namespace {

struct TimedCall {
  TimedCall(Fanout& fanout, Pending& pending) : alarm(fanout, pending) {}

  Alarm alarm;
  asio::cancellation_signal cancellation{};
};

void each_in_time(Fanout& fanout) {
  Pending pending(fanout.loop, fanout.scenario.calls);
  std::deque<TimedCall> calls;
  for (CallId id = 0; id < fanout.scenario.calls; ++id) {
    TimedCall& call = calls.emplace_back(fanout, pending);
    call.alarm.set(Timer::clock_type::now() + fanout.scenario.deadline,
                   [&call] { call.cancellation.emit(asio::cancellation_type::terminal); });
    call_or_time_out(fanout, {fanout.scenario.run, id}, call.cancellation, [&call, &pending] {
      call.alarm.call_off();
      pending.end();
    });
  }
  pending.wait();
}

void all_in_time(Fanout& fanout) {
  const std::uint32_t calls = fanout.scenario.calls;
  Deadline deadline(fanout, calls, fanout.recorder.began() + fanout.scenario.deadline);
  for (CallId id = 0; id < calls; ++id) {
    call_or_time_out(fanout, {fanout.scenario.run, id}, deadline.cancellation_of(id),
                     [&deadline] { deadline.ended(); });
  }
  deadline.wait();
}

}  // namespace

void timeout(Fanout& fanout) {
  fanout.scenario.scope == Scope::group ? all_in_time(fanout) : each_in_time(fanout);
}

}  // namespace fanbench::callbacks
