// The signal that tells a process to end, sent to this one on purpose.
#pragma once

#include <ctime>

#include "impls/contract/records.hpp"

namespace fanbench {

/// While it exists SIGTERM ends nothing: it is blocked in the thread that made this, and in all threads that
/// are made later, until one of them takes it.
class Termination {
 public:
  /// Throws std::system_error.
  Termination();
  Termination(const Termination&) = delete;
  Termination& operator=(const Termination&) = delete;
  ~Termination();

  /// Has the kernel send SIGTERM to this process then, once.
  void send_at(Recorder::Clock::time_point time);

 private:
  timer_t timer_{};
};

}  // namespace fanbench
