// Where the clock starts and stops.
#include "bench/measure/run.hpp"

#include <algorithm>
#include <cmath>
#include <thread>

#include "bench/machine/calibration.hpp"
#include "bench/machine/limits.hpp"

namespace fanbench {
namespace {

using Clock = Recorder::Clock;

/// The server's process, to be left out of the client's tree; 0 where it is none of ours.
pid_t process_of(const Target& target) { return target.process().value_or(0); }

std::optional<Nanoseconds> cpu_of_server(const Target& target) {
  const auto process = target.process();
  return process ? std::optional(cpu_of_process(*process)) : std::nullopt;
}

/// Whether the library that counts them is in all processes of the tree.
bool counts_all_allocations(pid_t server) {
  return std::ranges::all_of(descendants(server), allocations_are_counted_in);
}

}  // namespace

RunMaker::RunMaker(const Case& c, const ModelEntry& model, Target& target, std::vector<int> sampling_cpus)
    : case_(c),
      entry_(model),
      specification_(specification_of(c.workload)),
      target_(target),
      sampling_cpus_(std::move(sampling_cpus)),
      setup_{.host = target.host(),
             .port = target.port(),
             .transport = c.transport,
             .connection = c.connection,
             .workers = c.workers,
             .calls = c.scenario.calls},
      records_(c.scenario.calls),
      attempts_(c.scenario.attempts > 1 ? std::size_t{c.scenario.calls} * c.scenario.attempts : 0) {
  if (specification_.terminates) termination_.emplace();  // before anybody makes threads
  if (entry_.is_program) setup_.patience = longest_run();
}

std::uint32_t RunMaker::in_flight() const {
  return std::min(specification_.in_flight(case_), entry_.most_in_flight(setup_));
}

/// What a program is waited for: half a minute, and three times what it takes at best.
Nanoseconds RunMaker::longest_run() const {
  return std::chrono::seconds(30) + 3 * expected_run(specification_, case_, entry_.most_in_flight(setup_));
}

void RunMaker::check() {
  const std::uint32_t tasks =
      (specification_.tasks ? specification_.tasks(case_) : case_.scenario.calls) + case_.scenario.watchdog;
  Needs needs = entry_.needs(setup_, tasks, in_flight());
  if (specification_.callers) needs.tasks += specification_.callers(case_);
  std::uint64_t connections = std::max<std::uint64_t>(in_flight(), needs.connections);
  Needs server_needs;  // of one that somebody else has started we know nothing
  if (target_.process()) server_needs = {.descriptors = 64 + connections, .tasks = 1};
  for (Needs* each : {&needs, &server_needs}) {
    each->tasks *= sharers_;
    each->memory_mb *= sharers_;
  }
  const bool reopens = case_.cold || case_.connection == Connection::per_call || specification_.gives_up ||
                       specification_.subscribes || case_.scenario.deadline > Nanoseconds::zero();
  if (reopens && !ports_are_reused(is_loopback(target_.host())))
    connections = std::uint64_t{case_.scenario.calls} * (case_.iterations + 1);
  if (auto missing = missing_for(needs, server_needs, connections)) throw BeyondLimit(*missing);
  refuse(case_);
}

void RunMaker::refuse(const Case& c) const {
  if (auto refusal = specification_.refuse(c)) throw WrongResult(*refusal);
}

void RunMaker::make_model() {
  if (!case_.cold || entry_.is_program) model_ = entry_.make(setup_);
}

std::uint64_t RunMaker::pss_bytes() { return pss_of_tree(process_of(target_)); }

void RunMaker::become_ready() {
  if (case_.cold && entry_.is_program) {
    if (used_) {
      model_.reset();  // the old program ends before the new one begins
      model_ = entry_.make(setup_);
    }
    model_->warm(0);
  } else if (!case_.cold && !connected_) {
    model_->warm(in_flight());
  }
  used_ = true;
  std::ranges::fill(records_, CallRecord{});
  std::ranges::fill(attempts_, AttemptRecord{});
}

std::size_t Counters::descriptors() const noexcept {
  return (syscalls ? syscalls->descriptors() : 0) + (instructions ? instructions->descriptors() : 0);
}

double Run::efficiency() const {
  using Seconds = std::chrono::duration<double>;
  const double in_time = Seconds(parts.ideal) / Seconds(parts.makespan);
  if (completed_by_ideal == 0) return in_time;
  return in_time * static_cast<double>(outcome.completed()) / completed_by_ideal;
}

Run RunMaker::run(std::uint32_t k, Watch watch) {
  Case drawn = case_of_run(case_, k);
  if (k > 0) refuse(drawn);
  become_ready();
  set_work(drawn);
  Scenario scenario = drawn.scenario;
  scenario.run = target_.create_run(drawn.plan);
  wait_until_quiet(process_of(target_));
  Case worked = drawn;  // with the time that its work really took: CPUs have no speed that lasts
  worked.work = work_as_it_is(drawn);
  Run run = make(scenario, watch);
  worked.work = std::min(worked.work, work_as_it_is(drawn));
  run.number = k;
  if (scenario.kernel_steps > 0) {
    run.kernel_steps_per_ms = static_cast<double>(scenario.kernel_steps) /
                              std::chrono::duration<double, std::milli>(drawn.work).count();
  }
  run.ledger = target_.settled_ledger(scenario.run);
  run.outcome.clock.uncertainty += run.ledger.arrival_error;
  if (entry_.is_program) align(run);
  target_.forget(scenario.run);
  connected_ = keeps_connections(run);

  if (!run.outcome.note.empty()) throw WrongResult(run.outcome.note);
  if (auto mistake = verify(specification_, drawn, entry_.most_in_flight(setup_), run.outcome, run.ledger))
    throw WrongResult(*mistake);
  run.parts = {.makespan = run.outcome.makespan,
               .ideal = specification_.ideal(worked),
               .served_ideal = specification_.served_ideal(worked, run.ledger)};
  if (specification_.completes) run.completed_by_ideal = specification_.completes(worked);
  return run;
}

/// The run itself, with the readings that have to stand close to it: the closer, the less they cost.
Run RunMaker::make(const Scenario& scenario, Watch watch) {
  const pid_t server = process_of(target_);
  std::optional<PeakUsage> usage;
  if (watch.usage) usage.emplace(server, sampling_cpus_);
  // Now, as it would count those of threads that are made later: it takes 50 ms to make and unmake.
  if (watch.counters && !*watch.counters) {
    const pid_t sampler = usage ? usage->thread_id() : 0;
    *watch.counters = Counters{.syscalls = SyscallCounter::open(server, sampler),
                               .instructions = InstructionCounter::open(server, sampler)};
  }
  Counters none;
  Counters& counters = watch.counters ? **watch.counters : none;
  const Clock::time_point start = start_ ? start_() : Clock::time_point{};
  const ContextSwitches switches = switches_of_tree(server);
  const auto server_cpu = cpu_of_server(target_);
  const Nanoseconds cpu = cpu_of_tree(server);
  const auto allocations = allocations_so_far();
  if (counters.instructions) counters.instructions->start();
  if (counters.syscalls) counters.syscalls->start();  // last: the others' are made by system calls
  const bool missed_start = start_ && Clock::now() > start;
  if (start_) std::this_thread::sleep_until(start);

  Recorder recorder(records_, attempts_);  // the run begins
  if (termination_) termination_->send_at(recorder.began() + scenario.deadline);
  std::unique_ptr<Model> cold_model;
  if (!model_) cold_model = entry_.make(setup_);
  Model& model = model_ ? *model_ : *cold_model;
  model.run(case_.workload, scenario, recorder);
  const Nanoseconds makespan = Clock::now() - recorder.began();  // the run has ended

  Run run;
  run.missed_start = missed_start;
  if (counters.syscalls) run.syscalls = counters.syscalls->stop();
  if (counters.instructions) run.instructions = counters.instructions->stop();
  if (allocations) run.costs.allocations = *allocations_so_far() - *allocations;
  if (server_cpu) run.costs.server_cpu = *cpu_of_server(target_) - *server_cpu;
  run.costs.switches = switches_of_tree(server) - switches;
  if (usage) {
    run.peak = usage->stop();
    run.peak->descriptors -= counters.descriptors();
  }
  // What workers spin after their last task is this run's, though it delays nothing.
  if (!wait_until_quiet(server))
    throw WrongResult("the client was still busy after half a second of CPU time, with the run long over");
  run.costs.cpu = cpu_of_tree(server) - cpu;
  if (end_) end_();
  if (entry_.is_program && !counts_all_allocations(server)) run.costs.allocations.reset();
  model.collect(recorder);
  run.outcome = {.records = records_,
                 .attempts = attempts_,
                 .events = recorder.events(),
                 .chosen = recorder.chosen(),
                 .began = recorder.began().time_since_epoch(),
                 .makespan = makespan,
                 .note = recorder.noted(),
                 .tasks_peak = recorder.tasks_peak(),
                 .ring = recorder.ring_use(),
                 .lags = recorder.lags(),
                 .clock = target_.clock()};
  return run;
}

/// Work is so much time of who does it, and results are checked for as many steps.
void RunMaker::set_work(Case& c) const {
  const double steps_per_ms = model_ ? model_->kernel_steps_per_ms() : 0;
  if (c.scenario.kernel_steps == 0 || steps_per_ms <= 0) return;
  const std::chrono::duration<double, std::milli> work = c.work;
  c.scenario.kernel_steps = static_cast<std::uint64_t>(std::ceil(work.count() * steps_per_ms));
}

/// The time that its work takes just now; how fast a program is just now nobody can tell but itself.
Nanoseconds RunMaker::work_as_it_is(const Case& c) const {
  return entry_.is_program ? c.work : time_of_kernel(c.scenario.kernel_steps);
}

/// A program's clock begins later than ours, when it has read what it is to do: by so much at least as its
/// replies would have come before they were due. All of its times move by the same.
void RunMaker::align(Run& run) {
  if (!run.outcome.clock.shared) return;
  Nanoseconds late{};
  for (const LedgerCall& call : run.ledger.calls) {
    if (call.id >= records_.size() || call.attempt >= run.outcome.attempts_of(call.id).size()) continue;
    const AttemptRecord made = run.outcome.attempt_of(call);
    if (made.verdict == Verdict::ok || made.verdict == Verdict::http_error)
      late = std::max(late, call.due - run.outcome.at(made.finished));
  }
  const auto move = [late](Nanoseconds& time) {
    if (time > Nanoseconds::zero()) time += late;
  };
  for (CallRecord& record : records_) {
    move(record.intended);
    move(record.started);
    move(record.finished);
  }
  for (AttemptRecord& made : attempts_) {
    move(made.started);
    move(made.finished);
  }
  for (EventRecord& event : run.outcome.events) move(event.at);
  for (Nanoseconds& lag : run.outcome.lags) lag += late;
}

bool RunMaker::keeps_connections(const Run& run) const {
  return !specification_.subscribes && run.ledger.broken == 0 && run.outcome.given_up() == 0;
}

}  // namespace fanbench
