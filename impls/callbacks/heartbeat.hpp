// The heartbeat on the loop: its ticks come as late as whatever else is to be done there.
#pragma once

#include "impls/callbacks/callbacks.hpp"

namespace fanbench::callbacks {

class Heartbeat {
 public:
  explicit Heartbeat(Fanout& fanout) : fanout_(fanout), timer_(fanout.loop.get_executor()) {}

  void begin() {
    timer_.expires_at(fanout_.recorder.beat_due(tick_));
    timer_.async_wait([this](const boost::system::error_code& over) {
      if (over) return;
      fanout_.recorder.beat(tick_++);
      begin();
    });
  }
  /// The ticks whose time the loop spent on other things come now.
  void end() {
    timer_.cancel();
    fanout_.loop.restart();
    fanout_.loop.poll();
    while (fanout_.recorder.beat_due(tick_) <= Timer::clock_type::now()) fanout_.recorder.beat(tick_++);
  }

 private:
  Fanout& fanout_;
  Timer timer_;
  std::uint32_t tick_ = 0;
};

}  // namespace fanbench::callbacks
