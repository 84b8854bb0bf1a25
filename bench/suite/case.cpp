// What a case is called, what its parameters are, and what no suite says of it.
#include "bench/suite/case.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "bench/specification/specification.hpp"
#include "bench/suite/contestants.hpp"

namespace fanbench {
namespace {

std::string_view start_text(const Case& c) { return c.cold ? "cold" : "warm"; }

/// Where each case of the workload has one, it is no choice.
bool has_chosen_watchdog(const Case& c) {
  return c.scenario.watchdog && !specification_of(c.workload).watchdog;
}

/// A file by its name: what is in it may be a megabyte.
std::string latency_text(const Case& c) {
  return c.latency_file.empty() ? format_delay(c.plan.delay) : "file:" + c.latency_file;
}

}  // namespace

const ModelEntry& model_of(std::string_view name) {
  const auto found = std::ranges::find(models(), name, &ModelEntry::name);
  if (found != models().end()) return *found;
  if (const ModelEntry* contestant = contestant_model(name)) return *contestant;
  throw std::logic_error(fmt::format("there is no model {}", name));
}

void resolve(Case& c, std::uint32_t client_cpus) {
  c.scenario.cpus = client_cpus;
  if (c.workers_chosen || !model_of(c.model).has_workers || model_of(c.model).has_loops) return;
  // One for each call that may be open at once, or for each CPU where none is.
  const std::uint32_t in_flight = specification_of(c.workload).in_flight(c);
  c.workers = std::max(1U, in_flight != 0 ? in_flight : std::min(client_cpus, c.scenario.calls));
}

std::string_view to_string(Connection connection) noexcept {
  return connection == Connection::reuse ? "reuse" : "per_call";
}

std::string_view to_string(Pin pin) noexcept { return pin == Pin::apart ? "apart" : "shared"; }

std::string case_name(const Case& c) {
  std::string name = fmt::format("{}/{}/{}/calls:{}/latency:{}/start:{}", c.workload, c.model, c.transport,
                                 c.scenario.calls, latency_text(c), start_text(c));
  for (const Key& key : specification_of(c.workload).keys) {
    if (const std::string text = key.in_name(c); !text.empty()) name += fmt::format("/{}:{}", key.name, text);
  }
  if (c.workers_chosen) name += fmt::format("/workers:{}", c.workers);
  if (c.ranks > 0) name += fmt::format("/ranks:{}", c.ranks);
  if (c.connection != Connection::reuse) name += fmt::format("/connection:{}", to_string(c.connection));
  if (c.pin != Pin::apart) name += fmt::format("/pin:{}", to_string(c.pin));
  if (has_chosen_watchdog(c)) name += "/watchdog:true";
  if (c.plan.capacity.slots > 0) name += fmt::format("/slots:{}", c.plan.capacity.slots);
  if (c.plan.body_bytes != Plan{}.body_bytes) name += fmt::format("/body_bytes:{}", c.plan.body_bytes);
  if (c.plan.seed != Plan{}.seed) name += fmt::format("/seed:{}", c.plan.seed);
  return name;
}

nlohmann::ordered_json parameters_json(const Case& c) {
  const Specification& specification = specification_of(c.workload);
  nlohmann::ordered_json parameters = {{"calls", c.scenario.calls}};
  if (specification.in_flight(c) > 0 && !specification.subscribes) parameters["latency"] = latency_text(c);
  parameters["start"] = start_text(c);
  parameters["connection"] = to_string(c.connection);
  for (const Key& key : specification.keys) {
    if (auto value = key.show(c); !value.is_null()) parameters[std::string(key.name)] = std::move(value);
  }
  if (model_of(c.model).has_workers) parameters["workers"] = c.workers_chosen ? c.workers : 0;
  parameters["ranks"] = c.ranks;
  parameters["pin"] = to_string(c.pin);
  parameters["watchdog"] = has_chosen_watchdog(c);
  parameters["slots"] = c.plan.capacity.slots;
  parameters["body_bytes"] = c.plan.body_bytes;
  parameters["seed"] = c.plan.seed;
  parameters["iterations"] = c.iterations;
  return parameters;
}

}  // namespace fanbench
