// Reads and writes plans, and draws from them the same numbers on every machine.
#include "mock_server/plan.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <utility>

#include "mock_server/refusal.hpp"

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
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  return text.size() > 60 ? text.substr(0, 60) + "…" : text;
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

std::vector<std::uint16_t> read_kinds(const Json& value) {
  constexpr std::string_view expected = "a list, not empty, of \"reset\" and statuses from 400 to 599";
  if (!value.is_array() || value.empty()) refuse(came(value), expected);
  std::vector<std::uint16_t> kinds;
  for (const Json& kind : value) {
    if (kind == "reset") {
      kinds.push_back(Failures::reset);
    } else if (kind.is_number_unsigned() && kind.get<std::uint64_t>() >= 400 &&
               kind.get<std::uint64_t>() <= 599) {
      kinds.push_back(kind.get<std::uint16_t>());
    } else {
      refuse(came(kind), expected);
    }
  }
  return kinds;
}

constexpr Attempt max_attempts = 1000;

Failures read_failures(const Json& json) {
  constexpr std::array<std::string_view, 4> keys{"rate", "attempts", "kinds", "retry_after"};
  check_keys(json, keys);
  Failures failures;
  for (const auto& [key, item] : json.items()) {
    const Json& value = item;
    in_key(key, [&, &name = key] {
      if (name == "rate") failures.rate = read_rate(value);
      if (name == "attempts") failures.attempts = static_cast<Attempt>(read_whole(value, 1, max_attempts));
      if (name == "kinds") failures.kinds = read_kinds(value);
      if (name == "retry_after") {
        failures.retry_after = parse_duration(read_text(value, "a duration in quotes, such as \"50ms\""));
      }
    });
  }
  return failures;
}

/// What a draw is for.
enum class Stream : std::uint64_t { answer, delay, fails, failing_attempts, kind };

std::uint64_t draw(std::uint64_t seed, CallId id, Attempt attempt, Stream stream) {
  return fanbench::draw(seed, id, attempt, static_cast<std::uint64_t>(stream));
}

}  // namespace

Plan parse_plan(std::string_view json) {
  constexpr std::array<std::string_view, 5> keys{"seed", "delay", "failures", "body_bytes", "chain"};
  return in_key("plan", [&] {
    const Json root = parse_json(json);
    check_keys(root, keys);
    Plan plan;
    for (const auto& [key, item] : root.items()) {
      const Json& value = item;
      in_key(key, [&, &name = key] {
        if (name == "seed") plan.seed = read_whole(value, 0, UINT64_MAX);
        if (name == "delay")
          plan.delay = parse_delay(read_text(value, "a delay in quotes, such as \"200ms\""));
        if (name == "failures") plan.failures = read_failures(value);
        if (name == "body_bytes") plan.body_bytes = read_whole(value, min_body_bytes, max_body_bytes);
        if (name == "chain") plan.chain = static_cast<std::uint32_t>(read_whole(value, 1, max_chain));
      });
    }
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
  Json kinds = Json::array();
  for (const std::uint16_t kind : plan.failures.kinds) {
    kinds.push_back(kind == Failures::reset ? Json("reset") : Json(kind));
  }
  return Json{{"seed", plan.seed},
              {"delay", format_delay(plan.delay)},
              {"failures",
               {{"rate", plan.failures.rate},
                {"attempts", plan.failures.attempts},
                {"kinds", std::move(kinds)},
                {"retry_after", format_duration(plan.failures.retry_after)}}},
              {"body_bytes", plan.body_bytes},
              {"chain", plan.chain}}
      .dump();
}

PlannedReply planned_reply(const Plan& plan, CallId id, Attempt attempt) {
  const Failures& failures = plan.failures;
  const auto unit = [&](Attempt a, Stream stream) { return to_unit(draw(plan.seed, id, a, stream)); };
  const auto below = [](double u, std::size_t n) {
    return static_cast<std::size_t>(u * static_cast<double>(n));
  };

  PlannedReply reply;
  reply.answer = draw(plan.seed, id, attempt, Stream::answer);
  reply.goes_on = (std::uint64_t{id} + 1) % plan.chain != 0;
  reply.delay = draw_delay(plan.delay, draw(plan.seed, id, attempt, Stream::delay));
  if (failures.rate > 0 && unit(0, Stream::fails) < failures.rate &&
      attempt < 1 + below(unit(0, Stream::failing_attempts), failures.attempts)) {
    reply.status = failures.kinds[below(unit(attempt, Stream::kind), failures.kinds.size())];
    if (reply.status == 429 || reply.status == 503) reply.retry_after = failures.retry_after;
  }
  return reply;
}

std::uint64_t planned_cursor(const Plan& plan, CallId id) {
  return id % plan.chain == 0 ? 0 : draw(plan.seed, id - 1, 0, Stream::answer);
}

}  // namespace fanbench
