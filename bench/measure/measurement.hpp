// Measures one case: warms up, runs, verifies every run, and sums up what the runs cost.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/machine/allocations.hpp"
#include "bench/machine/machine_load.hpp"
#include "bench/machine/resources.hpp"
#include "bench/targets/server.hpp"
#include "bench/workloads/specification.hpp"
#include "bench/machine/syscalls.hpp"

namespace fanbench {

/// A case that this machine cannot run. what() is the limit, in one line.
struct BeyondLimit : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A run that disagrees with its specification. what() says what was expected and what came.
struct WrongResult : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Measurement {
 public:
  /// `server_cpu`: where the server runs, if it is pinned; memory is sampled from there.
  Measurement(const Case& c, const ModelEntry& model, MockServer& server, std::optional<int> server_cpu);

  /// Checks limits and plan, makes the model unless the case is cold, and does verified runs that are not
  /// timed, in which memory, threads, descriptors and system calls are watched. Throws BeyondLimit,
  /// NotApplicable, WrongResult. For who wants verified runs and no figures, `watched` saves some 100 ms.
  void prepare(bool watched = true);
  /// One timed and verified run; returns its makespan in seconds. Throws WrongResult.
  double iterate();
  /// All figures of the row, of the iterations so far; names and units are in bench/README.md. Throws
  /// WrongResult where one of them is impossible.
  std::map<std::string, double> counters() const;

  const std::vector<CallRecord>& records() const noexcept { return records_; }  // of the last run
  CallId chosen() const noexcept { return chosen_; }                            // by the last run
  double makespan_s() const noexcept { return makespans_s_.back(); }            // of the last timed run
  double ideal_s() const;

 private:
  struct Run;
  /// What a run that is not timed is watched for.
  struct Watch {
    bool usage = false;
    std::optional<SyscallCounter>* syscalls = nullptr;  // opened by the first run that has it
  };

  void wait_for_quiet();
  void watch_runs();
  Run run(Watch watch);
  Ledger settled_ledger(std::uint64_t run);
  std::uint32_t in_flight() const;

  Case case_;
  const ModelEntry& entry_;
  const Specification& specification_;
  MockServer& server_;
  std::optional<int> server_cpu_;
  Setup setup_;
  std::unique_ptr<Model> model_;
  std::vector<CallRecord> records_;
  std::vector<AttemptRecord> attempts_;  // where a call may have more than one, as many for each
  std::optional<MachineLoad> load_;
  std::uint64_t idle_pss_ = 0;
  std::optional<Usage> peak_;
  std::optional<std::uint64_t> syscalls_;  // of one run
  double recording_us_per_call_ = 0;
  bool warm_ = false;  // all connections that the next run needs are open and idle

  CallId chosen_ = Recorder::none;
  std::vector<double> makespans_s_, latencies_us_, from_start_us_, late_start_us_, lateness_us_,
      cancel_latencies_us_, lags_us_;
  double cpu_us_ = 0, server_cpu_us_ = 0;
  ContextSwitches switches_;
  std::optional<Allocations> allocations_;
  std::uint64_t in_flight_peak_ = 0, connections_ = 0, retries_ = 0, cancelled_ = 0, timed_out_ = 0,
                failed_ = 0, wasted_ = 0;
  std::uint32_t tasks_peak_ = 0;
};

}  // namespace fanbench
