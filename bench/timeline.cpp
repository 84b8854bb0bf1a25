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

Json times_of(const std::vector<EventRecord>& events) {
  Json times = Json::array();
  for (const EventRecord& event : events) times.push_back(us(event.at));
  return times;
}

}  // namespace

nlohmann::ordered_json timeline_of(const Case& c, const Measurement& measurement) {
  const Outcome& outcome = measurement.outcome();
  Json moments = Json::array(), calls = Json::array();
  const auto& specification = specification_of(c.workload);
  if (specification.moments) {
    for (const Moment& moment : specification.moments(measurement.last_case(), outcome))
      moments.push_back({{"what", moment.what}, {"at_us", us(moment.at)}});
  }
  const auto events = outcome.events_by_call();
  for (CallId id = 0; id < outcome.records.size(); ++id) {
    const CallRecord& record = outcome.records[id];
    Json call = {{"id", id},
                 {"intended_us", us(record.intended)},
                 {"started_us", us(record.started)},
                 {"finished_us", us(record.finished)},
                 {"verdict", to_string(record.verdict)},
                 {"attempts", record.attempts}};
    if (record.attempts > 1) call["made"] = attempts_made(outcome.attempts_of(id));
    if (c.plan.stream.events > 0 || specification.subscribes) call["events_us"] = times_of(events[id]);
    calls.push_back(std::move(call));
  }
  return {{"name", c.name},
          {"ideal_s", us(measurement.last_ideal()) / 1e6},
          {"makespan_s", measurement.makespans_s().back()},
          {"efficiency", measurement.last_efficiency()},
          {"moments", moments},
          {"calls", calls}};
}

}  // namespace fanbench
