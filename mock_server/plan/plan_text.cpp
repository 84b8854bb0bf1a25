// Reads and writes plans as JSON.
#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <utility>

#include "mock_server/plan/plan.hpp"
#include "mock_server/plan/printable.hpp"
#include "mock_server/plan/refusal.hpp"

namespace fanbench {
namespace {

using Json = nlohmann::ordered_json;

/// Refuses a key that comes twice, of which nlohmann-json would silently take the last, and deep nesting,
/// which would overflow the stack when it is written out again.
Json parse_json(std::string_view text) {
  constexpr int deepest = 8;
  std::vector<std::set<std::string>> seen;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > deepest) refuse(fmt::format("more than {} levels", deepest), "a plan, which has 3");
    if (event == Json::parse_event_t::object_start) seen.emplace_back();
    if (event == Json::parse_event_t::object_end) seen.pop_back();
    if (event == Json::parse_event_t::key && !seen.back().insert(value.get<std::string>()).second) {
      refuse(fmt::format("the key {} twice", quote(value.get<std::string>())), "each key once");
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), check);
  } catch (const Json::parse_error& error) {
    refuse(quote(text), fmt::format("JSON (it breaks at byte {})", error.byte));
  } catch (const Json::out_of_range&) {
    refuse(quote(text), "numbers that fit 64 bits");
  }
}

std::string came(const Json& value) {
  if (value.is_string()) return quote(value.get<std::string>());
  return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void check_keys(const Json& object, std::span<const std::string_view> keys) {
  const auto expected = [&] { return fmt::format("an object with the keys {}", fmt::join(keys, ", ")); };
  if (!object.is_object()) refuse(came(object), expected());
  for (const auto& [key, value] : object.items()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      refuse(fmt::format("the key {}", quote(key)), expected());
    }
  }
}

/// Calls `read` with each key and value of an object that has none but these keys.
template <class Read>
void read_object(const Json& json, std::span<const std::string_view> keys, Read read) {
  check_keys(json, keys);
  for (const auto& [key, item] : json.items()) {
    const Json& value = item;
    in_key(key, [&, &name = key] { read(name, value); });
  }
}

std::string read_text(const Json& value, std::string_view expected) {
  if (!value.is_string()) refuse(came(value), expected);
  return value.get<std::string>();
}

std::uint64_t read_whole(const Json& value, std::uint64_t min, std::uint64_t max) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() < min || value.get<std::uint64_t>() > max) {
    refuse(came(value), fmt::format("a whole number from {} to {}", min, max));
  }
  return value.get<std::uint64_t>();
}

double read_rate(const Json& value) {
  if (!value.is_number() || !(value.get<double>() >= 0 && value.get<double>() <= 1)) {
    refuse(came(value), "a number from 0 to 1");
  }
  return value.get<double>();
}

constexpr std::array<std::string_view, 7> fault_names{"reset", "reset_body", "cut",        "drip",
                                                      "hang",  "garbage",    "slow_accept"};

std::uint16_t read_kind(const Json& kind) {
  if (kind.is_number_unsigned() && kind.get<std::uint64_t>() >= 400 && kind.get<std::uint64_t>() <= 599) {
    return kind.get<std::uint16_t>();
  }
  const auto name = kind.is_string()
                        ? std::find(fault_names.begin(), fault_names.end(), kind.get<std::string>())
                        : fault_names.end();
  if (name == fault_names.end()) {
    refuse(came(kind), fmt::format("statuses from 400 to 599, and \"{}\"", fmt::join(fault_names, "\", \"")));
  }
  return static_cast<std::uint16_t>(name - fault_names.begin());
}

Json format_kind(std::uint16_t kind) {
  return kind < fault_names.size() ? Json(fault_names[kind]) : Json(kind);
}

/// Lists that are not empty.
template <class Read>
auto read_list(const Json& value, std::string_view expected, Read read) {
  if (!value.is_array() || value.empty())
    refuse(came(value), fmt::format("a list, not empty, of {}", expected));
  std::vector<decltype(read(value))> list;
  for (const Json& item : value) list.push_back(read(item));
  return list;
}

std::vector<CallId> read_ids(const Json& value) {
  auto ids = read_list(value, "call ids", [](const Json& id) {
    return static_cast<CallId>(read_whole(id, 0, std::numeric_limits<CallId>::max()));
  });
  std::sort(ids.begin(), ids.end());
  return ids;
}

Nanoseconds read_duration(const Json& value) {
  return parse_duration(read_text(value, "a duration in quotes, such as \"50ms\""));
}

constexpr Attempt max_attempts = 1000;

Failures read_rule(const Json& json) {
  constexpr std::array<std::string_view, 7> keys{"rate",  "ids",         "attempts", "at_least",
                                                 "kinds", "retry_after", "over"};
  Failures failures;
  read_object(json, keys, [&](std::string_view key, const Json& value) {
    if (key == "rate") failures.rate = read_rate(value);
    if (key == "ids") failures.ids = read_ids(value);
    if (key == "attempts") failures.attempts = static_cast<Attempt>(read_whole(value, 1, max_attempts));
    if (key == "at_least") failures.at_least = static_cast<Attempt>(read_whole(value, 1, max_attempts));
    if (key == "kinds") failures.kinds = read_list(value, "statuses from 400 to 599 and faults", read_kind);
    if (key == "retry_after") failures.retry_after = read_duration(value);
    if (key == "over") failures.over = read_duration(value);
  });
  if (failures.at_least > failures.attempts) {
    in_key("at_least", [&] {
      refuse(fmt::format("{} with attempts {}", failures.at_least, failures.attempts),
             "at most the attempts");
    });
  }
  return failures;
}

Json format_rule(const Failures& failures) {
  Json kinds = Json::array();
  for (const std::uint16_t kind : failures.kinds) kinds.push_back(format_kind(kind));
  Json json{{"rate", failures.rate},
            {"attempts", failures.attempts},
            {"kinds", std::move(kinds)},
            {"retry_after", format_duration(failures.retry_after)}};
  if (!failures.ids.empty()) json["ids"] = failures.ids;
  if (failures.at_least != Failures{}.at_least) json["at_least"] = failures.at_least;
  if (failures.over != Failures{}.over) json["over"] = format_duration(failures.over);
  return json;
}

/// One rule, or a list of them.
void read_failures(const Json& value, Plan& plan) {
  if (!value.is_array()) {
    plan.failures = read_rule(value);
    return;
  }
  auto rules = read_list(value, "objects", read_rule);
  if (rules.size() > max_rules) {
    refuse(fmt::format("{} of them", rules.size()), fmt::format("at most {}", max_rules));
  }
  plan.failures = std::move(rules.front());
  plan.more_failures.assign(std::next(rules.begin()), rules.end());
}

Json format_failures(const Plan& plan) {
  if (plan.more_failures.empty()) return format_rule(plan.failures);
  Json rules{format_rule(plan.failures)};
  for (const Failures& rule : plan.more_failures) rules.push_back(format_rule(rule));
  return rules;
}

Capacity read_capacity(const Json& json) {
  constexpr std::array<std::string_view, 3> keys{"slots", "per_second", "burst"};
  Capacity capacity;
  read_object(json, keys, [&](std::string_view key, const Json& value) {
    const auto number = static_cast<std::uint32_t>(read_whole(value, 1, 1'000'000));
    if (key == "slots") capacity.slots = number;
    if (key == "per_second") capacity.per_second = number;
    if (key == "burst") capacity.burst = number;
  });
  if (json.contains("burst") && capacity.per_second == 0) {
    in_key("burst", [&] {
      refuse(fmt::format("{} without per_second", capacity.burst), "a per_second, of which it is the burst");
    });
  }
  return capacity;
}

Json format_capacity(const Capacity& capacity) {
  Json json = Json::object();
  if (capacity.slots > 0) json["slots"] = capacity.slots;
  if (capacity.per_second > 0) json["per_second"] = capacity.per_second;
  if (capacity.burst != 1) json["burst"] = capacity.burst;
  return json;
}

bool read_flag(const Json& value) {
  if (!value.is_boolean()) refuse(came(value), "true or false");
  return value;
}

StreamPlan read_stream(const Json& json) {
  constexpr std::array<std::string_view, 4> keys{"events", "interval", "form", "split"};
  StreamPlan stream{.events = 1};
  read_object(json, keys, [&](std::string_view key, const Json& value) {
    if (key == "events") stream.events = static_cast<std::uint32_t>(read_whole(value, 1, max_events));
    if (key == "interval") stream.interval = read_duration(value);
    if (key == "form") {
      if (value != "chunked" && value != "sse") refuse(came(value), "\"chunked\" or \"sse\"");
      stream.sse = value == "sse";
    }
    if (key == "split") stream.split = read_flag(value);
  });
  return stream;
}

Json format_stream(const StreamPlan& stream) {
  return {{"events", stream.events},
          {"interval", format_duration(stream.interval)},
          {"form", stream.sse ? "sse" : "chunked"},
          {"split", stream.split}};
}

}  // namespace

Plan parse_plan(std::string_view json) {
  constexpr std::array<std::string_view, 9> keys{"seed",  "delay", "same_delay", "failures", "body_bytes",
                                                 "chain", "first", "capacity",   "stream"};
  return in_key("plan", [&] {
    Plan plan;
    read_object(parse_json(json), keys, [&](std::string_view key, const Json& value) {
      if (key == "seed") plan.seed = read_whole(value, 0, UINT64_MAX);
      if (key == "delay") plan.delay = parse_delay(read_text(value, "a delay in quotes, such as \"200ms\""));
      if (key == "same_delay") plan.same_delay = read_flag(value);
      if (key == "failures") read_failures(value, plan);
      if (key == "body_bytes") plan.body_bytes = read_whole(value, min_body_bytes, max_body_bytes);
      if (key == "chain") plan.chain = static_cast<std::uint32_t>(read_whole(value, 1, max_chain));
      if (key == "first") plan.first = static_cast<CallId>(read_whole(value, 0, UINT32_MAX));
      if (key == "capacity") plan.capacity = read_capacity(value);
      if (key == "stream") plan.stream = read_stream(value);
    });
    if (plan.chain > 1 && plan.body_bytes == min_body_bytes) {
      in_key("body_bytes", [&] {
        refuse(fmt::format("{} with chain {}", plan.body_bytes, plan.chain),
               fmt::format("at least {}: a chain's replies say whether it goes on", min_body_bytes + 1));
      });
    }
    return plan;
  });
}

std::string format_plan(const Plan& plan) {
  Json json{{"seed", plan.seed},
            {"delay", format_delay(plan.delay)},
            {"failures", format_failures(plan)},
            {"body_bytes", plan.body_bytes},
            {"chain", plan.chain}};
  if (plan.first > 0) json["first"] = plan.first;
  if (plan.same_delay) json["same_delay"] = true;
  if (plan.capacity != Capacity{}) json["capacity"] = format_capacity(plan.capacity);
  if (plan.stream.events > 0) json["stream"] = format_stream(plan.stream);
  return json.dump();
}

}  // namespace fanbench
