// The order in which a case is measured.
#include "bench/measure/measurement.hpp"

#include <algorithm>

#include "bench/machine/calibration.hpp"
#include "bench/measure/recording_cost.hpp"

namespace fanbench {
namespace {

/// The case with the work of its calls in steps of this machine's.
Case calibrated(Case c) {
  if (c.work > Nanoseconds{}) c.scenario.kernel_steps = kernel_steps_in(c.work);
  return c;
}

/// What figures per call are of, see Row.
std::uint64_t counted_calls(const Case& c, const Outcome& outcome) {
  if (!specification_of(c.workload).completes) return c.scenario.calls;
  return std::max<std::uint64_t>(1, outcome.completed());
}

}  // namespace

Measurement::Measurement(const Case& c, const ModelEntry& model, Target& target, std::vector<int> server_cpus,
                         pid_t ours)
    : Measurement(
          c, model.is_program, target,
          [&](const Case& whole) {
            return std::make_unique<RunMaker>(whole, model, target, std::move(server_cpus));
          },
          ours) {}

Measurement::Measurement(const Case& c, bool is_program, Target& target, const Maker& maker, pid_t ours)
    : case_(calibrated(c)),
      is_program_(is_program),
      target_(target),
      runs_(maker(case_)),
      row_(case_),
      ours_(ours) {}

void Measurement::prepare(bool watched) {
  runs_->check();
  // A server on this machine whose CPU cannot be read would be taken for others'.
  if (target_.process() || !target_.clock().shared) load_.emplace(ours_);
  if (watched) {
    row_.add(watch());
    return;
  }
  runs_->make_model();
  outcome_ = runs_->run().outcome;
}

/// Watching disturbs: memory is sampled, and each system call takes a little longer. In a short run the
/// sampling changes what is counted, so it is done once more without.
Watched Measurement::watch() {
  constexpr Nanoseconds is_short = std::chrono::seconds(1);
  map_program();
  Watched watched;
  if (is_program_) runs_->make_model();  // a language's interpreter is no memory of its calls
  watched.idle_pss_bytes = runs_->pss_bytes();
  if (!is_program_) runs_->make_model();
  std::optional<Counters> counters;
  const Run run = runs_->run(0, {.usage = true, .counters = &counters});
  outcome_ = run.outcome;
  watched.peak = *run.peak;
  watched.syscalls = run.syscalls;
  watched.instructions = run.instructions;
  watched.calls = counted_calls(case_, run.outcome);
  if (counters->any() && run.outcome.makespan < is_short) {
    const Run again = runs_->run(0, {.counters = &counters});
    watched.syscalls = again.syscalls;
    watched.instructions = again.instructions;
    watched.calls = counted_calls(case_, again.outcome);
  }
  if (!is_program_) {
    watched.recording_us_per_call =
        recording_us_per_call(case_.scenario.calls, specification_of(case_.workload).counts_tasks);
  }
  return watched;
}

Run Measurement::make_run() {
  const Run run = runs_->run(row_.runs());
  row_.add(run);
  last_ = {.number = run.number, .ideal = run.parts.ideal, .efficiency = run.efficiency()};
  outcome_ = run.outcome;
  return run;
}

double Measurement::iterate() {
  make_run();
  return makespans_s().back();
}

std::uint32_t Measurement::iterations_of_a_turn() const {
  constexpr Nanoseconds enough = std::chrono::milliseconds(10), least = enough / 100;
  const Nanoseconds once = std::max(outcome_.makespan, least);
  return static_cast<std::uint32_t>((enough + once - Nanoseconds(1)) / once);
}

Measurement::Figures Measurement::take_turn(std::uint32_t iterations) {
  Row turn(case_);
  for (std::uint32_t i = 0; i < iterations; ++i) turn.add(make_run());
  return turn.figures(std::nullopt);
}

Measurement::Figures Measurement::counters() const {
  return row_.figures(load_ ? load_->of_others() : std::nullopt);
}

}  // namespace fanbench
