#include "bench/timeline.hpp"

#include "bench/specification/checks.hpp"

namespace fanbench {
namespace {

using Json = nlohmann::ordered_json;

double us(Nanoseconds time) { return static_cast<double>(time.count()) / 1000; }

Json attempts_made(const std::vector<AttemptRecord>& attempts) {
  Json made = Json::array();
  for (const AttemptRecord& attempt : attempts) {
    made.push_back({{"started_us", us(attempt.started)},
                    {"finished_us", us(attempt.finished)},
                    {"verdict", to_string(attempt.verdict)}});
  }
  return made;
}

/// When each event of each stream came, by call id; nothing where replies are no streams.
std::vector<Json> events_taken(const Case& c, const Outcome& outcome) {
  if (c.plan.stream.events == 0) return {};
  std::vector<Json> taken(outcome.records.size(), Json::array());
  for (const EventRecord& event : outcome.events) taken[event.id].push_back(us(event.at));
  return taken;
}

}  // namespace

nlohmann::ordered_json timeline_of(const Case& c, const Measurement& measurement) {
  const Outcome& outcome = measurement.outcome();
  Json moments = Json::array(), calls = Json::array();
  const auto& specification = specification_of(c.workload);
  if (specification.moments) {
    for (const Moment& moment : specification.moments(c, outcome))
      moments.push_back({{"what", moment.what}, {"at_us", us(moment.at)}});
  }
  std::vector<Json> events = events_taken(c, outcome);
  for (CallId id = 0; id < outcome.records.size(); ++id) {
    const CallRecord& record = outcome.records[id];
    Json call = {{"id", id},
                 {"intended_us", us(record.intended)},
                 {"started_us", us(record.started)},
                 {"finished_us", us(record.finished)},
                 {"verdict", to_string(record.verdict)},
                 {"attempts", record.attempts}};
    if (record.attempts > 1) call["made"] = attempts_made(outcome.attempts_of(id));
    if (!events.empty()) call["events_us"] = std::move(events[id]);
    calls.push_back(std::move(call));
  }
  return {{"name", c.name},
          {"ideal_s", measurement.ideal_s()},
          {"makespan_s", measurement.makespans_s().back()},
          {"moments", moments},
          {"calls", calls}};
}

}  // namespace fanbench
