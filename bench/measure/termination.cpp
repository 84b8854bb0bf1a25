#include "bench/measure/termination.hpp"

#include <cerrno>
#include <csignal>
#include <system_error>

namespace fanbench {
namespace {

sigset_t sigterm() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

Termination::Termination() {
  const sigset_t signals = sigterm();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGTERM;
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0)  // which std::chrono::steady_clock is
    throw std::system_error(errno, std::generic_category(), "cannot make a timer for SIGTERM");
}

/// One that nobody took is taken here: unblocked it would end the process.
Termination::~Termination() {
  ::timer_delete(timer_);
  const sigset_t signals = sigterm();
  const timespec now{};
  while (::sigtimedwait(&signals, nullptr, &now) > 0) {
  }
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

void Termination::send_at(Recorder::Clock::time_point time) {
  const auto since_boot = time.time_since_epoch();
  const itimerspec when{.it_interval = {},
                        .it_value = {.tv_sec = since_boot / std::chrono::seconds(1),
                                     .tv_nsec = (since_boot % std::chrono::seconds(1)).count()}};
  ::timer_settime(timer_, TIMER_ABSTIME, &when, nullptr);
}

}  // namespace fanbench
