// What others use of the machine's CPUs while something is measured.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string_view>

namespace fanbench {

using Nanoseconds = std::chrono::nanoseconds;

/// The time that all CPUs of the machine together have spent idle or waiting for disks, from the text of
/// /proc/stat. Busy is all else, stolen time included. In ticks of 10 ms.
struct MachineTime {
  Nanoseconds idle{};
  int cpus = 0;
};
/// Nothing where the text is something else.
std::optional<MachineTime> parse_machine_time(std::string_view stat);

/// CPUs' worth of time that others used in a window of `wall`. Nothing in a window too short for ticks to
/// tell a tenth of a core.
std::optional<double> other_load(Nanoseconds wall, MachineTime before, MachineTime after, Nanoseconds own);

/// The window begins with it.
class MachineLoad {
 public:
  /// `ours`: a process that is ours, with all below it.
  explicit MachineLoad(pid_t ours);
  /// In cores, from the beginning until now.
  std::optional<double> of_others() const;

 private:
  struct Reading {
    std::chrono::steady_clock::time_point at;
    std::optional<MachineTime> machine;
    Nanoseconds own{};
  };
  Reading read() const;

  pid_t ours_;
  Reading began_;
};

}  // namespace fanbench
