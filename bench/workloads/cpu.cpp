// cpu: work without waiting, on `cpus` of the machine. Ideal: all of it shared out evenly, but no piece takes
// less than its own time.
#include <fmt/format.h>

#include "bench/workloads/kernel_result.hpp"
#include "bench/workloads/checks.hpp"
#include "bench/workloads/schedules.hpp"
#include "bench/workloads/workloads.hpp"

namespace fanbench {
namespace {

Nanoseconds ideal(const Case& c) {
  return end_of_work(std::vector<Nanoseconds>(c.scenario.calls), c.cpu_per_call, c.scenario.cpus);
}
Nanoseconds least(const Case& c) { return calibrated_at_least(ideal(c)); }

std::uint32_t no_calls(const Case&) { return 0; }

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const CallRecord& record = outcome.records[id];
    if (record.verdict != Verdict::ok)
      return fmt::format("call {} ended in {}, expected ok", id, to_string(record.verdict));
    if (record.attempts != 1)
      return fmt::format("call {} was attempted {} times, expected once", id, record.attempts);
    const std::uint64_t answer = kernel_result(priority(c.scenario, id), c.scenario.kernel_steps);
    if (record.answer != answer) {
      return fmt::format("call {} has result {:016x}, expected {:016x}: the work was not done right", id,
                         record.answer, answer);
    }
  }
  if (ledger.arrivals == 0) return std::nullopt;
  return fmt::format("the server saw {} calls, expected none of work without waiting", ledger.arrivals);
}

}  // namespace

const Specification cpu_specification{
    .workload = "cpu",
    .ideal = ideal,
    .least = least,
    .in_flight = no_calls,
    .refuse = refuse_nothing,
    .check = check,
};

}  // namespace fanbench
