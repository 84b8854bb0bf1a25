// background: a request starts side calls, makes its own and returns; they go on, and each that fails is
// reported. Ideal: the longest delay, as at the end all are awaited.
#include <fmt/format.h>

#include <algorithm>

#include "bench/specification/checks.hpp"
#include "bench/specification/keys.hpp"

namespace fanbench::workloads {
namespace {

constexpr CallId own = 0;  // all others are side calls

/// The longest side call has to outlast the request's own by enough to tell that it was not waited for.
Mistake refuse(const Case& c) {
  if (c.scenario.calls == 0) return std::nullopt;
  const Nanoseconds after = longest_delay(c) - delay(c, own),
                    needed = least_lead + time_to_begin(c.scenario.calls, begins_one_in(c));
  if (after >= needed) return std::nullopt;
  return fmt::format(
      "the last side call is due {} after the request's own, at least {} are needed to tell that it is not "
      "waited for: choose another seed or a wider latency",
      format_duration(after), format_duration(needed));
}

/// The request returned once: after its own call, and before the last of the side calls.
Mistake check_return(const Outcome& outcome, const Ledger& ledger) {
  const auto is_return = [](const EventRecord& event) { return event.id == Recorder::none; };
  if (const auto times = std::ranges::count_if(outcome.events, is_return); times != 1)
    return fmt::format("the request returned {} times, expected once", times);
  const EventRecord& returned = *std::ranges::find_if(outcome.events, is_return);
  if (returned.at < outcome.records[own].finished)
    return fmt::format("the request returned {} before its own call had ended",
                       format_duration(outcome.records[own].finished - returned.at));
  const auto last = std::ranges::max_element(ledger.calls, {}, &LedgerCall::due);
  if (!outcome.surely_before(last->due, returned.at)) return std::nullopt;
  return fmt::format("the request returned {} after the last of its side calls was due: it waited for them",
                     format_duration(outcome.at(returned.at) - last->due));
}

/// Each side call that failed was reported once with its status, and no other.
Mistake check_reports(const Case& c, const Outcome& outcome) {
  for (CallId id = own + 1; id < c.scenario.calls; ++id) {
    std::uint32_t reports = 0;
    for (const EventRecord& event : outcome.events) {
      if (event.id != id) continue;
      ++reports;
      if (event.value != outcome.records[id].status) {
        return fmt::format("the failure of side call {} was reported with status {}, expected {}", id,
                           event.value, outcome.records[id].status);
      }
    }
    const bool failed = outcome.records[id].verdict != Verdict::ok;
    if (reports != failed)
      return fmt::format("side call {} was reported {} times as failed, expected {}", id, reports,
                         failed ? "once" : "never");
  }
  return std::nullopt;
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t) {
  if (auto mistake = check_each_once(c, outcome, ledger)) return mistake;
  if (c.scenario.calls == 0) return std::nullopt;
  if (auto mistake = check_return(outcome, ledger)) return mistake;
  return check_reports(c, outcome);
}

std::optional<Nanoseconds> returned(const Case&, const Outcome& outcome) {
  const auto event = std::ranges::find(outcome.events, Recorder::none, &EventRecord::id);
  return event == outcome.events.end() ? std::nullopt : std::optional(event->at);
}

std::vector<Moment> moments(const Case& c, const Outcome& outcome) {
  const auto at = returned(c, outcome);
  if (!at) return {};
  return {{"return of the request", *at}};
}

}  // namespace

Specification background() {
  return {
      .workload = "background",
      .in_short = "a request returns before its side calls have ended",
      .sentence =
          "A request starts side calls, makes its own and returns; the side calls go on, each that fails is "
          "reported, and at the end all are awaited (create_task, fire and forget). Ideal: the longest "
          "delay.",
      .keys = {failures_key("{} fail")},
      .example = R"(
calls = 8
latency = "uniform:min=20ms,max=300ms"
failures = { rate = 0.5, kinds = [503, 404, "reset", "reset_body", "cut", "garbage"] }
)",
      .simulate = longest_delay,
      .in_flight = all_calls,
      .refuse = refuse,
      .check = check,
      .returned = returned,
      .moments = moments,
      .refuses_slots = "the request's own call may have to wait for its side calls, which are to outlast it",
      .dealing = {.refused = "one request decides when all have returned"},
  };
}

}  // namespace fanbench::workloads
