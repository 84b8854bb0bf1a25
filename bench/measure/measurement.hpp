// Measures one case: makes it ready, watches runs of it, and adds its timed runs up to a row.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "bench/machine/machine_load.hpp"
#include "bench/measure/row.hpp"
#include "bench/measure/run.hpp"
#include "bench/targets/server.hpp"

namespace fanbench {

class Measurement {
 public:
  /// `server_cpu`: where the server runs, if it is pinned; memory is sampled from there.
  Measurement(const Case& c, const ModelEntry& model, Target& target, std::optional<int> server_cpu);

  /// Checks limits and plan, makes the model unless the case is cold, and does verified runs that are not
  /// timed, in which memory, threads, descriptors and system calls are watched. Throws BeyondLimit,
  /// NotApplicable, WrongResult. For who wants verified runs and no figures, `watched` saves some 100 ms.
  void prepare(bool watched = true);
  /// One timed and verified run; returns its makespan in seconds. Throws WrongResult.
  double iterate();
  /// All figures of the row, of the iterations so far; see Row::figures.
  std::map<std::string, double> counters() const;

  const Outcome& outcome() const noexcept { return outcome_; }  // of the last run
  std::span<const CallRecord> records() const noexcept { return outcome_.records; }
  CallId chosen() const noexcept { return outcome_.chosen; }
  double makespan_s() const noexcept { return row_.makespan_s(); }  // of the last timed run
  double ideal_s() const { return row_.ideal_s(); }

 private:
  Watched watch();

  Case case_;
  Target& target_;
  RunMaker maker_;
  Row row_;
  Outcome outcome_;
  std::optional<MachineLoad> load_;
};

}  // namespace fanbench
