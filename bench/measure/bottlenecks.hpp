// Says of a row whether something else than its model held it up: the server, or others on the machine.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace fanbench {

/// Adds to a row (names as in bench/README.md) server_bound, and other_load_cores and noisy where the load of
/// others is known. The server bounds a row if it is busy for nine tenths of the time (server_cpu_share,
/// where that is known), or if its part of the overhead is above the client's, which it then hides; that may
/// be below 0. A row is noisy if others used more than a tenth of a core.
void mark_bottlenecks(std::map<std::string, double>& row, std::optional<double> other_load_cores);

}  // namespace fanbench
