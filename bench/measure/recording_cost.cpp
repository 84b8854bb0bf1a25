// Records calls that are not made, to see what recording takes.
#include "bench/measure/recording_cost.hpp"

#include <algorithm>
#include <ctime>
#include <optional>
#include <vector>

#include "bench/measure/quantiles.hpp"
#include "impls/contract/model.hpp"

namespace fanbench {
namespace {

double thread_cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

}  // namespace

double recording_us_per_call(std::size_t calls, bool counts_tasks) {
  // Some 50 ns each: a millisecond altogether, or one run where there are more calls.
  constexpr std::size_t enough_calls = 20'000;
  constexpr std::size_t fewest_runs = 5;
  const std::size_t runs = std::max(fewest_runs, enough_calls / std::max<std::size_t>(calls, 1));
  std::vector<CallRecord> records(calls);
  std::vector<double> costs;
  for (std::size_t run = 0; run < runs; ++run) {
    std::ranges::fill(records, CallRecord{});  // only a call's first start reads the clock
    Recorder recorder(records);
    const double before = thread_cpu_us();
    for (CallId id = 0; id < calls; ++id) {
      std::optional<LiveTask> task;
      if (counts_tasks) task.emplace(recorder);
      recorder.start(id);
      recorder.finish(id, {.verdict = Verdict::ok, .status = 200, .answer = id});
    }
    costs.push_back((thread_cpu_us() - before) / static_cast<double>(calls));
  }
  return median(costs);
}

}  // namespace fanbench
