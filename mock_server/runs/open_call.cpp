// Takes a call from its arrival, through the run's admission, to its end.
#include "mock_server/runs/open_call.hpp"

#include <algorithm>
#include <utility>

namespace fanbench::server {

OpenCall::OpenCall(std::shared_ptr<LocalRun> its_run, Ledger::ConnectionNumber connection, CallId id,
                   Attempt attempt, Time arrived, const PlannedReply& what_is_planned)
    : run(std::move(its_run)),
      planned(what_is_planned),
      arrived_(arrived),
      begun_(arrived),
      row_(run->ledger->arrive(id, attempt, connection, arrived, planned.delay)) {}

bool OpenCall::admit(Waiter::Granted granted) {
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
  const auto free_since = admission.take_slot(*waiter_);
  if (free_since) begin(*free_since);
  return free_since.has_value();
}

void OpenCall::begin(Time given_up) {
  waiter_.reset();
  has_slot_ = true;
  begun_ = std::max(arrived_, given_up);
  if (begun_ > arrived_) run->ledger->begin(row_, begun_ - arrived_);
}

void OpenCall::end(Ending how, Nanoseconds late, Time now) {
  if (auto& admission = run->run->admission) {
    if (has_slot_ || (waiter_ && !admission->leave_queue(*waiter_))) admission->release_slot(now);
    waiter_.reset();
    has_slot_ = false;
  }
  run->ledger->end(row_, how, late, now);
}

}  // namespace fanbench::server
