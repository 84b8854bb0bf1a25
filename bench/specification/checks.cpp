// Checks that several specifications share.
#include "bench/specification/checks.hpp"

#include <fmt/format.h>

#include "bench/specification/kernel_result.hpp"

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

namespace {

Verdict planned_verdict(const PlannedReply& planned) {
  if (!is_whole(planned)) return Verdict::transport_error;
  return planned.status < 300 ? Verdict::ok : Verdict::http_error;
}

}  // namespace

std::string attempt_name(CallId id, Attempt attempt) {
  return attempt == 0 ? fmt::format("call {}", id) : fmt::format("attempt {} of call {}", attempt, id);
}

Mistake check_attempt_reply(const Case& c, CallId id, Attempt attempt, const AttemptRecord& record) {
  const PlannedReply planned = planned_reply(c.plan, id, attempt);
  const std::string what = attempt_name(id, attempt);
  if (const Verdict verdict = planned_verdict(planned); record.verdict != verdict)
    return fmt::format("{} ended in {}, expected {}", what, to_string(record.verdict), to_string(verdict));
  if (!is_whole(planned)) return std::nullopt;
  if (record.status != planned.status)
    return fmt::format("{} has status {}, expected {}", what, record.status, planned.status);
  const bool worked_on = !specification_of(c.workload).works_once;
  const std::uint64_t steps = worked_on ? c.scenario.kernel_steps : 0;
  if (const std::uint64_t answer = kernel_result(planned.answer, steps); record.answer != answer) {
    return fmt::format("{} has answer {:016x}, expected {:016x}: {}", what, record.answer, answer,
                       steps == 0 ? "the reply of another call?" : "the work on it was not done right");
  }
  return std::nullopt;
}

Mistake check_reply(const Case& c, CallId id, const CallRecord& record) {
  if (record.attempts == 0) return fmt::format("call {} was never made", id);
  return check_attempt_reply(c, id, record.attempts - 1U,
                             {record.started, record.finished, record.answer, record.status, record.verdict});
}

bool fails(const Case& c, CallId id, Attempt attempt) {
  return planned_verdict(planned_reply(c.plan, id, attempt)) != Verdict::ok;
}

Mistake check_made_once(const Case& c, CallId id, const CallRecord& record) {
  if (record.attempts == 1) return check_reply(c, id, record);
  return fmt::format("call {} was attempted {} times, expected once", id, record.attempts);
}

Mistake check_each_once(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t) {
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (auto mistake = check_made_once(c, id, outcome.records[id])) return mistake;
  }
  const std::uint64_t answered = ledger.completed + ledger.broken;
  if (ledger.arrivals == c.scenario.calls && answered == c.scenario.calls) return std::nullopt;
  return fmt::format("the server saw {} calls and answered {}, expected {}", ledger.arrivals, answered,
                     c.scenario.calls);
}

std::uint64_t least_begun(const Case& c, Nanoseconds since_began) {
  const Nanoseconds work = specification_of(c.workload).works_once ? Nanoseconds::zero() : c.work;
  const Nanoseconds left = since_began - held_up - time_to_begin(0);
  if (left <= Nanoseconds::zero()) return 0;
  return static_cast<std::uint64_t>(left / (begins_one_in(c) + work + c.scenario.interval));
}

Mistake check_begun(const Case& c, const LedgerCall& decisive, const Ledger& ledger, std::uint32_t at_once) {
  if (decisive.due - decisive.arrived < time_to_begin(at_once, begins_one_in(c))) return std::nullopt;
  const auto begun = std::ranges::count_if(
      ledger.calls, [&](const LedgerCall& call) { return call.arrived <= decisive.due; });
  if (2 * begun >= std::int64_t{at_once}) return std::nullopt;
  return fmt::format(
      "{} calls had reached the server when the reply to call {} was due, expected at least half of {}",
      begun, decisive.id, at_once);
}

Nanoseconds cancelled_within(const Case& c) {
  return std::chrono::milliseconds(100) + c.scenario.calls * std::chrono::microseconds(500);
}

Mistake refuse_unseen_cancellation(const Case& c, Nanoseconds decided) {
  return refuse_unseen_cancellation(c, decided, longest_delay(c));
}

Mistake refuse_unseen_cancellation(const Case& c, Nanoseconds decided, Nanoseconds last) {
  const Nanoseconds after = std::max(last - decided, Nanoseconds::zero());
  const Nanoseconds needed = cancelled_within(c) + least_lead;
  if (after >= needed) return std::nullopt;
  return fmt::format(
      "the last reply is due {} after the rest is to be given up, at least {} are needed to tell whether it "
      "is: choose longer delays or another seed",
      format_duration(after), format_duration(needed));
}

Mistake check_rest_cancelled(const Case& c, const LedgerCall& decisive, const Ledger& ledger) {
  for (const LedgerCall& call : ledger.calls) {
    if (call.id == decisive.id || call.ending == Ending::abandoned) continue;
    if (call.due > decisive.ended + cancelled_within(c)) {
      return fmt::format("call {} was not cancelled: the server still completed it {} after call {}", call.id,
                         format_duration(call.ended - decisive.ended), decisive.id);
    }
  }
  return std::nullopt;
}

std::uint64_t most_at_once(std::vector<std::pair<Nanoseconds, int>> changes) {
  std::ranges::sort(changes);
  std::int64_t open = 0, most = 0;
  for (const auto& [at, change] : changes) most = std::max(most, open += change);
  return static_cast<std::uint64_t>(most);
}

std::optional<Nanoseconds> end_of_chosen(const Case& c, const Outcome& outcome) {
  if (outcome.chosen >= c.scenario.calls) return std::nullopt;
  return outcome.records[outcome.chosen].finished;
}

Mistake refuse_all_in_one_go(std::string_view what, std::uint32_t number, Nanoseconds interval) {
  if (number < 2 || (number - 1) * interval > held_up) return std::nullopt;
  return fmt::format(
      "{} {}s, one each {}, come within {}, expected more than {}, or one {}: in less it cannot be told "
      "whether "
      "they are taken as they come",
      number, what, format_duration(interval), format_duration((number - 1) * interval),
      format_duration(held_up), what);
}

Mistake refuse_broken_chains(const Case& c, std::uint32_t length) {
  if (c.scenario.calls % length != 0) {
    return fmt::format("{} calls are not chains of {}: choose a multiple of {}", c.scenario.calls, length,
                       length);
  }
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (fails(c, id)) {
      return fmt::format(
          "call {} fails by plan, and those after it in its chain could not be made: leave out "
          "the failures",
          id);
    }
  }
  return std::nullopt;
}

}  // namespace fanbench
