// Makes one run of a case against a target, verifies it, and says what it cost.
#pragma once

#include <functional>
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

/// What one of the ranks did in a run that they made together; see bench/ranks.
struct RankFigures {
  Nanoseconds makespan{}, cpu{};
  std::uint32_t calls = 0;
};

/// How ranks made a run together.
struct Together {
  std::vector<RankFigures> ranks{};  // in their order; none: it was made by one process alone
  Nanoseconds start_spread{};        // from the first that began to the last
  Nanoseconds clock_uncertainty{};   // of the hosts' clocks against rank 0's, the most
  Nanoseconds busiest_server_cpu{};  // of the servers of one host that share CPUs, the most
  std::uint32_t starts_missed = 0;   // runs before it that counted for nothing: a rank was not ready
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
  bool missed_start = false;  // it was not ready when it was to begin, see RunMaker::start_when
  Together together{};

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

/// Who makes the runs of a case.
class Runs {
 public:
  /// What a run that is not timed is watched for, which disturbs it.
  struct Watch {
    bool usage = false;
    std::optional<Counters>* counters = nullptr;  // opened by the first run that has it
  };

  Runs() = default;
  Runs(const Runs&) = delete;
  Runs& operator=(const Runs&) = delete;
  virtual ~Runs() = default;

  /// Throws BeyondLimit where the case does not fit in this machine, WrongResult where its plan cannot be
  /// verified, NotApplicable where it cannot be done so.
  virtual void check() = 0;
  /// Makes the model, unless each run makes its own within its time.
  virtual void make_model() = 0;
  /// The memory of all that the runs are made by, the server's apart.
  virtual std::uint64_t pss_bytes() = 0;
  /// Run k of the case, see case_of_run; begun warm and quiet unless the case is cold. Throws WrongResult,
  /// NotApplicable.
  virtual Run run(std::uint32_t k, Watch watch) = 0;
  Run run(std::uint32_t k = 0) { return run(k, {}); }
};

/// Makes them here.
class RunMaker final : public Runs {
 public:
  /// Says when a run that is ready is to begin, and may wait for that to be known.
  using Start = std::function<Recorder::Clock::time_point()>;

  /// `sampling_cpus`: where memory is sampled. All else that is handed over has to outlive this.
  RunMaker(const Case& c, const ModelEntry& model, Target& target, std::vector<int> sampling_cpus);

  void check() override;
  void make_model() override;
  std::uint64_t pss_bytes() override;
  using Runs::run;
  Run run(std::uint32_t k, Watch watch) override;
  /// From now on; else each begins when it is ready.
  void start_when(Start start) { start_ = std::move(start); }
  /// So many of its like share this machine: what it needs it must have so many times.
  void shares_with(std::uint32_t all) { sharers_ = all; }
  /// Called when a run has ended and is counted, before anything else is done: what has to be first of all.
  void end_when(std::function<void()> end) { end_ = std::move(end); }

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
  Start start_;
  std::function<void()> end_;
  std::uint32_t sharers_ = 1;
  bool used_ = false;       // the model has made a run
  bool connected_ = false;  // all connections that the next run needs are open and idle
  std::vector<CallRecord> records_;
  std::vector<AttemptRecord> attempts_;  // where a call may have more than one, as many for each
};

}  // namespace fanbench
