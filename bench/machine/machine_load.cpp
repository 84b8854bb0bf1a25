// Reads from /proc/stat how busy the machine is, and takes off what is ours.
#include "bench/machine/machine_load.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

#include "bench/machine/resources.hpp"

namespace fanbench {

std::optional<MachineTime> parse_machine_time(std::string_view stat) {
  // Source: proc(5), /proc/stat. "cpu" sums up all of "cpu0", "cpu1" …
  MachineTime time;
  bool found = false;
  std::istringstream lines{std::string(stat)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    if (!name.starts_with("cpu")) continue;
    if (name != "cpu") {
      ++time.cpus;
      continue;
    }
    std::uint64_t user = 0, nice = 0, system = 0, idle = 0, waiting = 0;
    if (!(words >> user >> nice >> system >> idle >> waiting)) return std::nullopt;
    time.idle = (idle + waiting) * (Nanoseconds(std::chrono::seconds(1)) / sysconf(_SC_CLK_TCK));
    found = true;
  }
  if (!found || time.cpus == 0) return std::nullopt;
  return time;
}

std::optional<double> other_load(Nanoseconds wall, MachineTime before, MachineTime after, Nanoseconds own) {
  // A reading is less than a tick of 10 ms too low: in this window that is a twentieth of a core.
  constexpr Nanoseconds least = std::chrono::milliseconds(200);
  if (wall < least || before.cpus != after.cpus) return std::nullopt;
  const Nanoseconds busy = wall * after.cpus - (after.idle - before.idle);
  return std::max(0.0, static_cast<double>((busy - own).count()) / static_cast<double>(wall.count()));
}

MachineLoad::MachineLoad(pid_t ours) : ours_(ours), began_(read()) {}

MachineLoad::Reading MachineLoad::read() const {
  Reading reading;
  reading.own = cpu_of_all_below(ours_);
  std::ifstream file("/proc/stat");
  std::ostringstream text;
  text << file.rdbuf();
  reading.machine = parse_machine_time(text.str());
  reading.at = std::chrono::steady_clock::now();
  return reading;
}

std::optional<double> MachineLoad::of_others() const {
  const Reading now = read();
  if (!began_.machine || !now.machine) return std::nullopt;
  return other_load(now.at - began_.at, *began_.machine, *now.machine, now.own - began_.own);
}

}  // namespace fanbench
