// A call that has arrived and has not ended: its row in the ledger, and its slot.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "mock_server/plan/plan.hpp"
#include "mock_server/runs/admission.hpp"
#include "mock_server/runs/ledger.hpp"
#include "mock_server/runs/runs.hpp"

namespace fanbench::server {

/// Of one thread. Whoever has one has to end it.
class OpenCall {
 public:
  using Time = Ledger::Time;

  /// Writes down that the call has arrived.
  OpenCall(std::shared_ptr<LocalRun> its_run, Ledger::ConnectionNumber connection, CallId id, Attempt attempt,
           Time arrived, const PlannedReply& what_is_planned);
  OpenCall(const OpenCall&) = delete;
  OpenCall& operator=(const OpenCall&) = delete;

  /// The run bounds its calls: admit() is due.
  bool is_bounded() const { return run->run->admission.has_value(); }
  /// True where the call may be answered now: it has a slot, or it came too fast, and a 429 without delay is
  /// what is planned for it from now on. Else it waits in the queue, and `granted` is called when it has its
  /// slot, from the thread that gave that up: begin() is due then.
  bool admit(Waiter::Granted granted);
  /// The call has got the slot that it waited for, which was given up then.
  void begin(Time given_up);
  /// When its delay begins, however late the server notices: when it had come and a slot was free.
  Time begun() const { return begun_; }
  /// Writes down how it ended, and gives up its slot or its place in the queue. `late` as for the ledger.
  void end(Ending how, Nanoseconds late, Time now);

  const std::shared_ptr<LocalRun> run;
  PlannedReply planned;
  Ending ending = Ending::completed;  // that it will have, once its reply is written

 private:
  const Time arrived_;
  Time begun_;
  const std::size_t row_;
  std::optional<Waiter> waiter_;
  bool has_slot_ = false;
};

}  // namespace fanbench::server
