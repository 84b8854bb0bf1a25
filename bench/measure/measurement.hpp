// Measures one case: makes it ready, watches runs of it, and adds its timed runs up to a row. Timed runs come
// in turns: cases that are compared take turns, so that the same noise falls on all of them.
#pragma once

#include <unistd.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/machine/machine_load.hpp"
#include "bench/measure/row.hpp"
#include "bench/measure/run.hpp"
#include "bench/targets/server.hpp"

namespace fanbench {

class Measurement {
 public:
  using Figures = std::map<std::string, double>;

  /// `server_cpus`: where the server runs, if it is pinned; memory is sampled from there. `ours`: the process
  /// below which nothing is others' load on the machine.
  Measurement(const Case& c, const ModelEntry& model, Target& target, std::vector<int> server_cpus = {},
              pid_t ours = getpid());
  /// The same of runs that are made as `maker` says, of the case with its work in steps of this machine's.
  using Maker = std::function<std::unique_ptr<Runs>(const Case&)>;
  Measurement(const Case& c, bool is_program, Target& target, const Maker& maker, pid_t ours);

  /// Checks limits and plan, makes the model unless the case is cold, and does verified runs that are not
  /// timed, in which memory, threads, descriptors and system calls are watched. Throws BeyondLimit,
  /// NotApplicable, WrongResult. For who wants verified runs and no figures, `watched` saves some 100 ms.
  void prepare(bool watched = true);
  /// One timed and verified run; returns its makespan in seconds. Throws WrongResult.
  double iterate();
  /// Iterations that take at least 10 ms together, as the last run lets expect: fewer could not be told from
  /// the noise. One where a run takes longer.
  std::uint32_t iterations_of_a_turn() const;
  /// As many iterations, and the figures of these alone.
  Figures take_turn(std::uint32_t iterations);
  /// All figures of the row, of the iterations so far; see Row::figures.
  Figures counters() const;
  std::optional<Tail> latency_tail() const { return row_.latency_tail(); }

  const Outcome& outcome() const noexcept { return outcome_; }  // of the last run
  std::span<const CallRecord> records() const noexcept { return outcome_.records; }
  CallId chosen() const noexcept { return outcome_.chosen; }
  Nanoseconds makespan() const noexcept { return outcome_.makespan; }     // of the last run
  std::vector<double> makespans_s() const { return row_.makespans_s(); }  // of all timed runs
  double ideal_s() const { return row_.ideal_s(); }
  /// The case as the last timed run had it, see case_of_run, and that run's own.
  Case last_case() const { return case_of_run(case_, last_.number); }
  Nanoseconds last_ideal() const noexcept { return last_.ideal; }
  double last_efficiency() const noexcept { return last_.efficiency; }

 private:
  Watched watch();
  Run make_run();

  Case case_;
  bool is_program_;
  Target& target_;
  std::unique_ptr<Runs> runs_;
  Row row_;
  Outcome outcome_;
  struct {
    std::uint32_t number = 0;
    Nanoseconds ideal{};
    double efficiency = 0;
  } last_{};  // of the timed runs
  pid_t ours_;
  std::optional<MachineLoad> load_;
};

}  // namespace fanbench
