// broadcast: one publisher says messages in a WebSocket room, and every subscriber there gets all of them.
// Ideal: the last message's publication.
#include <fmt/format.h>

#include <vector>

#include "bench/specification/checks.hpp"

namespace fanbench::workloads {
namespace {

using Events = std::vector<EventRecord>;

/// From the first publication to the last. Without subscribers there is nobody to wait for.
Nanoseconds length(const Case& c) {
  return c.scenario.calls == 0 ? Nanoseconds{} : (c.scenario.messages - 1) * c.scenario.interval;
}

Nanoseconds ideal(const Case& c, const Delays& served) { return length(c) + served.fan_out(); }

/// The calls are no requests: no plan delays them.
void settle(Case& c) {
  c.plan.delay = FixedDelay{};
  c.latency_file.clear();
}

Mistake refuse(const Case& c) {
  return refuse_all_in_one_go("message", c.scenario.messages, c.scenario.interval);
}

/// All messages once and in order, each with what was said; `who` has them.
Mistake check_messages(const Case& c, const Events& messages, const std::string& who) {
  for (std::uint32_t n = 0; n < messages.size(); ++n) {
    if (messages[n].number != n)
      return fmt::format("{}: message {} came, expected {}", who, messages[n].number, n);
    if (const std::uint64_t value = message_value(c.scenario, n); messages[n].value != value)
      return fmt::format("{}: message {} brought {:016x}, expected {:016x}", who, n, messages[n].value,
                         value);
  }
  if (messages.size() == c.scenario.messages) return std::nullopt;
  return fmt::format("{}: {} messages came, expected {}", who, messages.size(), c.scenario.messages);
}

Mistake check_publisher(const Case& c, const Events& said) {
  if (auto mistake = check_messages(c, said, "the publisher")) return mistake;
  for (std::uint32_t n = 0; n < said.size(); ++n) {
    const Nanoseconds due = said[0].at + n * c.scenario.interval;
    if (said[n].at < due)
      return fmt::format("message {} was said {} before it was due", n, format_duration(due - said[n].at));
  }
  return std::nullopt;
}

Mistake check_subscriber(const Case& c, CallId id, const CallRecord& record, const Events& messages) {
  if (record.verdict != Verdict::ok)
    return fmt::format("subscriber {} ended in {}, expected ok", id, to_string(record.verdict));
  if (record.attempts != 1)
    return fmt::format("subscriber {} entered {} times, expected once", id, record.attempts);
  if (auto mistake = check_messages(c, messages, fmt::format("subscriber {}", id))) return mistake;
  if (record.answer == messages.back().value) return std::nullopt;
  return fmt::format("subscriber {} has answer {:016x}, expected what the last message brought, {:016x}", id,
                     record.answer, messages.back().value);
}

/// None before it was said. Of those that were said long before the last, at least half no later than a busy
/// machine may hold a model up: whoever waits for the end is later for all of them.
Mistake check_times(const Case& c, const std::vector<Events>& heard, const Events& said) {
  std::uint64_t judged = 0, late = 0;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    for (std::uint32_t n = 0; n < said.size(); ++n) {
      if (heard[id][n].at < said[n].at)
        return fmt::format("subscriber {}: message {} was recorded {} before it was said", id, n,
                           format_duration(said[n].at - heard[id][n].at));
      if (said[n].at + held_up >= said.back().at) continue;
      ++judged;
      late += heard[id][n].at > said[n].at + held_up;
    }
  }
  if (2 * late <= judged) return std::nullopt;
  return fmt::format(
      "{} of {} messages were recorded more than {} after they were said: they were not taken as they came",
      late, judged, format_duration(held_up));
}

/// Each message was brought from the publisher to all subscribers, who were there in time for the first.
Mistake check_ledger(const Case& c, const Ledger& ledger) {
  const std::uint64_t in = c.scenario.messages, out = in * c.scenario.calls;
  const LedgerMessages& seen = ledger.messages;
  if (seen.in == in && seen.due == out && seen.out == out) return std::nullopt;
  return fmt::format(
      "the server heard {} messages, had to bring {} to others and brought {}, expected {}, {} and {}",
      seen.in, seen.due, seen.out, in, out, out);
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t) {
  if (c.scenario.calls == 0) return std::nullopt;
  if (ledger.arrivals > 0)
    return fmt::format("the server saw {} calls, expected none beside the subscriptions", ledger.arrivals);
  const Events said = outcome.events_of_none();
  if (auto mistake = check_publisher(c, said)) return mistake;
  const std::vector<Events> heard = outcome.events_by_call();
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (auto mistake = check_subscriber(c, id, outcome.records[id], heard[id])) return mistake;
  }
  if (auto mistake = check_times(c, heard, said)) return mistake;
  return check_ledger(c, ledger);
}

std::vector<Moment> moments(const Case&, const Outcome& outcome) {
  const Events said = outcome.events_of_none();
  if (said.empty()) return {};
  return {{"first message", said.front().at}, {"last message", said.back().at}};
}

}  // namespace

Specification broadcast() {
  return {
      .workload = "broadcast",
      .in_short = "one says, all others in the room hear",
      .sentence =
          "Each call is a subscriber in a WebSocket room, in which a publisher says messages, one each "
          "interval, when all are there (chat, live tickers, pub/sub). Ideal: the last message's "
          "publication.",
      .keys = {number_key({.name = "messages",
                           .meaning = "that the publisher says; `calls` is how many subscribers get each",
                           .example = "messages = 100",
                           .needed = "how many messages are said",
                           .phrase = "{} messages"},
                          &Scenario::messages, 1, 100'000),
               duration_key({.name = "message_interval",
                             .meaning = "from each message to the next",
                             .example = "message_interval = \"50ms\"",
                             .needed = "a duration",
                             .phrase = "one each {}"},
                            &Scenario::interval)},
      .example = R"(
calls = 6
messages = 4
message_interval = "50ms"
)",
      .settle = settle,
      .simulate = ideal,
      .bound = length,
      .in_flight = all_calls,
      .refuse = refuse,
      .check = check,
      .subscribes = true,
      .moments = moments,
      .refuses_slots = "its messages wait for no slot",
      .dealing = {.refused = "all subscribers are in one room, and one publisher speaks to them"},
  };
}

}  // namespace fanbench::workloads
