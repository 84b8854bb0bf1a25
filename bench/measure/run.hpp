// Makes one run of a case against a target, verifies it, and says what it cost.
#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "bench/counting/allocations.hpp"
#include "bench/counting/instructions.hpp"
#include "bench/counting/syscalls.hpp"
#include "bench/machine/resources.hpp"
#include "bench/measure/parts.hpp"
#include "bench/measure/termination.hpp"
#include "bench/specification/specification.hpp"
#include "bench/targets/target.hpp"

namespace fanbench {

/// A case that this machine cannot run. what() is the limit, in one line.
struct BeyondLimit : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A run that disagrees with its specification. what() says what was expected and what came.
struct WrongResult : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Of the client; of the server where it can be read.
struct Costs {
  Nanoseconds cpu{};  // until the client was quiet again
  std::optional<Nanoseconds> server_cpu{};
  ContextSwitches switches{};
  std::optional<Allocations> allocations{};  // where they are counted
};

struct Run {
  std::uint32_t number = 0;  // k of case_of_run
  Outcome outcome{};         // its records are the maker's, until its next run
  Ledger ledger{};
  Parts parts{};
  std::uint32_t completed_by_ideal = 0;  // where Specification::completes says, else 0
  double kernel_steps_per_ms = 0;        // of who did the work, where there was any
  Costs costs{};
  std::optional<Usage> peak{};                              // where it was watched
  std::optional<std::uint64_t> syscalls{}, instructions{};  // where they were counted

  /// Ideal / makespan. Who has done less in a time that is given was not as fast: times what was completed of
  /// what the ideal completes.
  double efficiency() const;
};

/// What the kernel lets us count.
struct Counters {
  std::optional<SyscallCounter> syscalls;
  std::optional<InstructionCounter> instructions;

  bool any() const noexcept { return syscalls || instructions; }
  std::size_t descriptors() const noexcept;
};

class RunMaker {
 public:
  /// What a run that is not timed is watched for, which disturbs it.
  struct Watch {
    bool usage = false;
    std::optional<Counters>* counters = nullptr;  // opened by the first run that has it
  };

  /// `sampling_cpus`: where memory is sampled. All else that is handed over has to outlive this.
  RunMaker(const Case& c, const ModelEntry& model, Target& target, std::vector<int> sampling_cpus);

  /// Throws BeyondLimit where the case does not fit in this machine, WrongResult where its plan cannot be
  /// verified.
  void check() const;
  /// Makes the model, unless each run makes its own within its time.
  void make_model();
  /// Run k of the case, see case_of_run; begun warm and quiet unless the case is cold. Throws WrongResult,
  /// NotApplicable.
  Run run(std::uint32_t k, Watch watch);
  Run run(std::uint32_t k = 0) { return run(k, {}); }

 private:
  std::uint32_t in_flight() const;
  Nanoseconds longest_run() const;
  void refuse(const Case& c) const;
  void become_ready();
  void set_work(Case& c) const;
  Nanoseconds work_as_it_is(const Case& c) const;
  Run make(const Scenario& scenario, Watch watch);
  void align(Run& run);
  bool keeps_connections(const Run& run) const;

  const Case& case_;
  const ModelEntry& entry_;
  const Specification& specification_;
  std::optional<Termination> termination_;
  Target& target_;
  std::vector<int> sampling_cpus_;
  Setup setup_;
  std::unique_ptr<Model> model_;
  bool used_ = false;       // the model has made a run
  bool connected_ = false;  // all connections that the next run needs are open and idle
  std::vector<CallRecord> records_;
  std::vector<AttemptRecord> attempts_;  // where a call may have more than one, as many for each
};

}  // namespace fanbench
