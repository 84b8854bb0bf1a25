// Compares what server and others did with the bounds up to which they are no bottleneck.
#include "bench/measure/bottlenecks.hpp"

namespace fanbench {
namespace {

constexpr double most_server_cpu_share = 0.9;
constexpr double most_other_load_cores = 0.1;

}  // namespace

void mark_bottlenecks(std::map<std::string, double>& row, std::optional<double> other_load_cores) {
  const double of_server = row.at("server_overhead_us_per_call");
  const auto share = row.find("server_cpu_share");
  const bool busy = share != row.end() && share->second >= most_server_cpu_share;
  // Without a server's part, as in work without calls, what the client's is below 0 is not its doing.
  const bool hides = of_server > 0 && of_server > row.at("client_overhead_us_per_call");
  row["server_bound"] = busy || hides ? 1 : 0;
  if (!other_load_cores) return;
  row["other_load_cores"] = *other_load_cores;
  row["noisy"] = *other_load_cores > most_other_load_cores ? 1 : 0;
}

}  // namespace fanbench
