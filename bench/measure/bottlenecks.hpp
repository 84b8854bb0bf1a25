// Says of a row whether something else than its model held it up: the server, or others on the machine.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace fanbench {

/// Adds to a row (names as in bench/README.md) what can be said: server_cpu_share where it is known,
/// server_bound, and other_load_cores and noisy where the load of others is known. The server bounds a row if
/// it is busy for nine tenths of the time, or if its own delay error, lateness_p99_us, is above a twentieth
/// of what a call takes, from_start_p50_us. A row is noisy if others used more than a tenth of a core.
void mark_bottlenecks(std::map<std::string, double>& row, std::optional<double> server_cpu_share,
                      std::optional<double> other_load_cores);

}  // namespace fanbench
