// Keeps the runs, and puts their ledgers together.
#include "mock_server/runs/runs.hpp"

#include <utility>

namespace fanbench::server {
namespace {

std::int64_t now_ns() { return Nanoseconds(Ledger::Time::clock::now().time_since_epoch()).count(); }

}  // namespace

void Run::message_said(std::size_t others) {
  message_in_ns = now_ns();
  messages_due += others;
  ++messages_in;
}

void Run::message_written() {
  message_out_ns = now_ns();
  ++messages_out;
}

std::shared_ptr<Run> Runs::create(Plan plan, Ledger::ConnectionNumber first_new, std::uint64_t clock_steps) {
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<Run> run(new Run{
      .number = ++last_, .plan = std::move(plan), .first_new = first_new, .clock_steps = clock_steps});
  if (run->plan.capacity != Capacity{}) run->admission.emplace(run->plan.capacity);
  runs_.emplace(run->number, run);
  return run;
}

std::shared_ptr<Run> Runs::find(std::uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(number);
  return found == runs_.end() ? nullptr : found->second;
}

bool Runs::erase(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(number);
  if (found == runs_.end()) return false;
  found->second->forgotten = true;
  runs_.erase(found);
  return true;
}

std::size_t Runs::size() const {
  const std::lock_guard lock(mutex_);
  return runs_.size();
}

std::shared_ptr<LocalRun> join(std::shared_ptr<Run> run) {
  auto ledger = std::make_shared<Ledger>();
  {
    const std::lock_guard lock(run->mutex);
    run->ledgers.push_back(ledger);
  }
  return std::make_shared<LocalRun>(LocalRun{.run = std::move(run), .ledger = std::move(ledger)});
}

std::string ledger_json(Run& run, bool with_calls, ArrivalClock& clock) {
  clock.check();
  std::vector<std::shared_ptr<Ledger>> ledgers;
  {
    const std::lock_guard lock(run.mutex);
    ledgers = run.ledgers;
  }
  return to_json(ledgers, {.run = run.number,
                           .first_new = run.first_new,
                           .arrival_error = clock.error(),
                           .clock_stepped = clock.steps() != run.clock_steps,
                           .with_calls = with_calls,
                           .with_waiting = run.plan.capacity.slots > 0,
                           .queue_peak = run.admission ? run.admission->queue_peak() : 0,
                           .with_events = run.plan.stream.events > 0,
                           .events_sent = run.events_sent,
                           .messages_in = run.messages_in,
                           .messages_due = run.messages_due,
                           .messages_out = run.messages_out,
                           .message_in_ns = run.message_in_ns,
                           .message_out_ns = run.message_out_ns});
}

}  // namespace fanbench::server
