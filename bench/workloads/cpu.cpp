// cpu: work without waiting, on `cpus` of the machine. Ideal: all of it shared out evenly, but no piece takes
// less than its own time.
#include <fmt/format.h>

#include "bench/specification/checks.hpp"
#include "bench/specification/kernel_result.hpp"
#include "bench/specification/keys.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {
namespace {

Nanoseconds ideal(const Case& c, const Delays&) {
  return end_of_work(std::vector<Nanoseconds>(c.scenario.calls), c.work, c.scenario.cpus);
}
Nanoseconds least(const Case& c) { return calibrated_at_least(ideal(c, Delays(c))); }

std::uint32_t no_calls(const Case&) { return 0; }

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t) {
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

/// It calls nobody: no server needs a CPU.
void settle(Case& c) {
  c.pin = Pin::shared;
  c.plan.delay = FixedDelay{};
  c.latency_file.clear();
}

}  // namespace

Specification cpu() {
  return {
      .workload = "cpu",
      .in_short = "computing only, no calls",
      .sentence =
          "Pieces of computing without any input or output (ProcessPoolExecutor.map). Ideal: the work "
          "shared out evenly over the CPUs.",
      .keys = {cpu_per_call_key("work of each piece")},
      .example = R"(
calls = 8
cpu_per_call = "2ms"
)",
      .settle = settle,
      .simulate = ideal,
      .bound = least,
      .in_flight = no_calls,
      .refuse = refuse_nothing,
      .check = check,
      .refuses_slots = "it makes no calls",
  };
}

}  // namespace fanbench::workloads
