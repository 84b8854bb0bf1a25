// Looks at both clocks, and notices a step.
#include "mock_server/runs/arrival_clock.hpp"

#include <utility>

namespace fanbench::server {
namespace {

constexpr int looks = 5;  // one of them, at least, is hardly ever interrupted

}  // namespace

ClockReading read_clocks() {
  using Steady = std::chrono::steady_clock;
  const auto before = Steady::now();
  const auto wall = std::chrono::system_clock::now();
  const auto after = Steady::now();
  return {before.time_since_epoch(), wall.time_since_epoch(), after.time_since_epoch()};
}

ArrivalClock::ArrivalClock(Read read) : read_(std::move(read)) { set(look()); }

ArrivalClock::Bounds ArrivalClock::look() const {
  ClockReading closest = read_();
  for (int i = 1; i < looks; ++i) {
    const ClockReading reading = read_();
    if (reading.after - reading.before < closest.after - closest.before) closest = reading;
  }
  return {.least = closest.wall - closest.after, .most = closest.wall - closest.before};
}

void ArrivalClock::set(const Bounds& bounds) {
  bounds_ = bounds;
  ahead_ns_ = (bounds.least + (bounds.most - bounds.least) / 2).count();
  error_ns_ = (bounds.most - bounds.least).count() / 2 + 1;
}

void ArrivalClock::check() {
  const std::lock_guard lock(mutex_);
  const Bounds now = look();
  if (now.least <= bounds_.most && bounds_.least <= now.most) return;
  set(now);
  ++steps_;
}

}  // namespace fanbench::server
