// Takes a call from its arrival, through the run's admission, to its end.
#include "mock_server/runs/open_call.hpp"

#include <utility>

namespace fanbench::server {

OpenCall::OpenCall(std::shared_ptr<LocalRun> its_run, Ledger::ConnectionNumber connection, CallId id,
                   Attempt attempt, Time arrived, const PlannedReply& what_is_planned)
    : run(std::move(its_run)),
      planned(what_is_planned),
      arrived_(arrived),
      row_(run->ledger->arrive(id, attempt, connection, arrived, planned.delay)) {}

bool OpenCall::admit(std::function<void()> granted) {
  Admission& admission = *run->run->admission;
  if (const Nanoseconds wait = admission.admit(arrived_); wait > wait.zero()) {
    planned.status = 429;
    planned.fault = Fault::none;
    planned.delay = {};
    planned.retry_after = wait;
    ending = Ending::refused;
    return true;
  }
  waiter_.emplace(std::move(granted));
  if (!admission.take_slot(*waiter_)) return false;
  waiter_.reset();
  has_slot_ = true;
  return true;
}

void OpenCall::begin(Time now) {
  waiter_.reset();
  has_slot_ = true;
  run->ledger->begin(row_, now - arrived_);
}

void OpenCall::end(Ending how, Nanoseconds late, Time now) {
  if (auto& admission = run->run->admission) {
    if (has_slot_ || (waiter_ && !admission->leave_queue(*waiter_))) admission->release_slot();
    waiter_.reset();
    has_slot_ = false;
  }
  run->ledger->end(row_, how, late, now);
}

}  // namespace fanbench::server
