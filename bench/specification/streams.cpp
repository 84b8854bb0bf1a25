#include "bench/specification/streams.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "bench/suite/values.hpp"

namespace fanbench {
namespace {

using Events = std::vector<EventRecord>;

/// Each event once and in order, with the answer of the attempt that passed, and none after the call's end.
Mistake check_events(const Case& c, CallId id, const CallRecord& record, const Events& events) {
  const std::uint64_t answer = planned_reply(c.plan, id, record.attempts - 1U).answer;
  for (std::uint32_t number = 0; number < events.size(); ++number) {
    if (events[number].number != number)
      return fmt::format("stream {}: event {} came, expected {}", id, events[number].number, number);
    if (events[number].value != answer)
      return fmt::format("stream {}: event {} brought {:016x}, expected {:016x}", id, number,
                         events[number].value, answer);
    if (events[number].at > record.finished)
      return fmt::format("stream {}: event {} was recorded {} after the stream had ended", id, number,
                         format_duration(events[number].at - record.finished));
  }
  const bool to_its_end = record.verdict == Verdict::ok;
  if (events.size() == c.plan.stream.events || !to_its_end) return std::nullopt;
  return fmt::format("stream {}: {} events came, expected {}", id, events.size(), c.plan.stream.events);
}

/// None before it was due: by then half of it may have come. Of those that were due long before their
/// stream's end, at least half no later than a busy machine may hold a model up: whoever waits for the end is
/// later for all of them.
Mistake check_times(const Case& c, const Outcome& outcome, const Ledger& ledger,
                    const std::vector<Events>& streams) {
  std::uint64_t judged = 0, late = 0;
  for (const LedgerCall& call : ledger.calls) {
    if (call.ending == Ending::refused) continue;
    const Events& events = streams[call.id];
    for (std::uint32_t number = 0; number < events.size(); ++number) {
      const Nanoseconds due = call.due + number * c.plan.stream.interval;
      if (outcome.surely_after(due, events[number].at))
        return fmt::format("stream {}: event {} was recorded {} before it was due: it was not whole", call.id,
                           number, format_duration(due - outcome.at(events[number].at)));
      if (!outcome.surely_before(due + held_up, outcome.records[call.id].finished)) continue;
      ++judged;
      late += outcome.surely_before(due + held_up, events[number].at);
    }
  }
  if (2 * late <= judged) return std::nullopt;
  return fmt::format(
      "{} of {} events were recorded more than {} after they were due: they were not taken as they came",
      late, judged, format_duration(held_up));
}

/// Of the events that streams which were given up had sent in time, at least half were taken: some may be
/// late on a busy machine.
Mistake check_taken(const Case& c, const Outcome& outcome, const Ledger& ledger,
                    const std::vector<Events>& streams) {
  std::uint64_t due = 0, taken = 0;
  for (const LedgerCall& call : ledger.calls) {
    const CallRecord& record = outcome.records[call.id];
    if (record.verdict != Verdict::timed_out) continue;
    for (std::uint32_t number = 0; number < c.plan.stream.events; ++number) {
      const Nanoseconds latest = call.due + number * c.plan.stream.interval + held_up;
      if (!outcome.surely_before(latest, record.finished)) break;
      ++due;
      taken += number < streams[call.id].size();
    }
  }
  if (2 * taken >= due) return std::nullopt;
  return fmt::format(
      "{} of {} events were taken that had come before their streams were given up, expected at least half",
      taken, due);
}

Mistake check_sent(const Outcome& outcome, const Ledger& ledger) {
  if (!ledger.events_sent)
    return "the server does not tell how many events it sent: is it older than this bench?";
  if (outcome.events.size() <= *ledger.events_sent) return std::nullopt;
  return fmt::format("{} events are recorded, but the server sent {}", outcome.events.size(),
                     *ledger.events_sent);
}

Key events_key() {
  Key key{.name = "events",
          .meaning = "of each stream",
          .example = "events = 20",
          .needed = "how many events each stream has",
          .phrase = "{} events each"};
  key.values = fmt::format("1 … {}", max_events);
  key.read = [](const Node& node) -> std::vector<Change> {
    return {[events = read_number<std::uint32_t>(node, 1, max_events)](Case& c) {
      c.plan.stream.events = events;
    }};
  };
  key.show = [](const Case& c) { return nlohmann::ordered_json(c.plan.stream.events); };
  return shown_in_name(std::move(key));
}

Key interval_key() {
  Key key{.name = "event_interval",
          .meaning = "from each event to the next",
          .example = "event_interval = \"50ms\"",
          .needed = "a duration",
          .values = "a duration",
          .phrase = "one each {}"};
  key.read = [](const Node& node) -> std::vector<Change> {
    return {[interval = read_duration(node)](Case& c) { c.plan.stream.interval = interval; }};
  };
  key.show = [](const Case& c) { return nlohmann::ordered_json(format_duration(c.plan.stream.interval)); };
  return shown_in_name(std::move(key));
}

}  // namespace

void settle_stream(Case& c) { c.plan.stream.sse = c.plan.stream.split = true; }

Mistake refuse_stream(const Case& c) {
  return refuse_all_in_one_go("event", c.plan.stream.events, c.plan.stream.interval);
}

Mistake check_streams(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  const std::vector<Events> streams = outcome.events_by_call();
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (auto mistake = check_events(c, id, outcome.records[id], streams[id])) return mistake;
  }
  if (auto mistake = check_sent(outcome, ledger)) return mistake;
  if (auto mistake = check_times(c, outcome, ledger, streams)) return mistake;
  return check_taken(c, outcome, ledger, streams);
}

std::vector<Key> stream_keys() { return {events_key(), interval_key()}; }

}  // namespace fanbench
