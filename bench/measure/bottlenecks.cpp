// Compares what server and others did with the bounds up to which they are no bottleneck.
#include "bench/measure/bottlenecks.hpp"

namespace fanbench {
namespace {

constexpr double most_server_cpu_share = 0.9;
constexpr double most_lateness = 0.05;  // of what a call takes
constexpr double most_other_load_cores = 0.1;

}  // namespace

void mark_bottlenecks(std::map<std::string, double>& row, std::optional<double> server_cpu_share,
                      std::optional<double> other_load_cores) {
  const auto lateness = row.find("lateness_p99_us");
  const auto latency = row.find("from_start_p50_us");
  const bool knows_lateness = lateness != row.end() && latency != row.end();
  const bool late = knows_lateness && lateness->second > most_lateness * latency->second;
  const bool busy = server_cpu_share.value_or(0) >= most_server_cpu_share;
  if (server_cpu_share) row["server_cpu_share"] = *server_cpu_share;
  if (server_cpu_share || knows_lateness) row["server_bound"] = busy || late ? 1 : 0;
  if (!other_load_cores) return;
  row["other_load_cores"] = *other_load_cores;
  row["noisy"] = *other_load_cores > most_other_load_cores ? 1 : 0;
}

}  // namespace fanbench
