// mixed: all calls at once, each reply is followed by work, and a heartbeat runs beside it. Ideal: every
// piece of work begins when its reply is there, shared out evenly over `cpus`.
#include "bench/specification/checks.hpp"
#include "bench/specification/keys.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {
namespace {

Nanoseconds end_of_calls(const Case& c, const Delays& delay, Nanoseconds work) {
  Slots slots(c);
  std::vector<Nanoseconds> replies;
  for (CallId id = 0; id < c.scenario.calls; ++id) replies.push_back(slots.serve({}, delay(id)));
  return end_of_work(std::move(replies), work, c.scenario.cpus);
}
Nanoseconds ideal(const Case& c, const Delays& delay) { return end_of_calls(c, delay, c.work); }
Nanoseconds least(const Case& c) { return end_of_calls(c, Delays(c), calibrated_at_least(c.work)); }

/// The calls, and those that offloaded work is done in.
std::uint32_t tasks(const Case& c) { return c.scenario.calls + c.scenario.cpus; }

}  // namespace

Specification mixed() {
  return {
      .workload = "mixed",
      .in_short = "each reply is followed by computing",
      .sentence =
          "All calls are started at once, and each reply is followed by computing: inline, where the reply "
          "came in, or offloaded to a pool. The loop lag says how late a heartbeat of 10 ms was beside it. "
          "Ideal: the work begins with its reply and keeps all CPUs busy.",
      .keys = {cpu_per_call_key("work after each reply"), placement_key()},
      .example = R"(
calls = 8
latency = "uniform:min=10ms,max=40ms"
cpu_per_call = "2ms"
)",
      .simulate = ideal,
      .bound = least,
      .in_flight = all_calls,
      .refuse = refuse_nothing,
      .check = check_each_once,
      .tasks = tasks,
      .watchdog = true,
      .refuses_slots = {},
  };
}

}  // namespace fanbench::workloads
