// Checks that several specifications share.
#include "bench/workloads/checks.hpp"

#include <fmt/format.h>

namespace fanbench {

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::none:
      return "no verdict";
    case Verdict::ok:
      return "ok";
    case Verdict::http_error:
      return "http_error";
    case Verdict::timed_out:
      return "timed_out";
    case Verdict::cancelled:
      return "cancelled";
    case Verdict::transport_error:
      return "transport_error";
  }
  return "an unknown verdict";
}

Mistake check_reply(const Case& c, CallId id, const CallRecord& record) {
  const PlannedReply planned = planned_reply(c.plan, id, record.attempts - 1U);
  const bool reset = planned.status == Failures::reset;
  const Verdict verdict = reset                  ? Verdict::transport_error
                          : planned.status < 300 ? Verdict::ok
                                                 : Verdict::http_error;
  if (record.verdict != verdict) {
    return fmt::format("call {} ended in {}, expected {}", id, to_string(record.verdict), to_string(verdict));
  }
  if (reset) return std::nullopt;
  if (record.status != planned.status) {
    return fmt::format("call {} has status {}, expected {}", id, record.status, planned.status);
  }
  if (record.answer != planned.answer) {
    return fmt::format("call {} has answer {:016x}, expected {:016x}: the reply of another call?", id,
                       record.answer, planned.answer);
  }
  return std::nullopt;
}

Mistake check_all_ok_once(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const CallRecord& record = outcome.records[id];
    if (record.attempts != 1)
      return fmt::format("call {} was attempted {} times, expected once", id, record.attempts);
    if (auto mistake = check_reply(c, id, record)) return mistake;
  }
  if (ledger.arrivals != c.scenario.calls || ledger.completed != c.scenario.calls) {
    return fmt::format("the server saw {} calls and completed {}, expected {}", ledger.arrivals,
                       ledger.completed, c.scenario.calls);
  }
  return std::nullopt;
}

}  // namespace fanbench
