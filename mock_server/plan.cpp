// Reads and writes plans, and draws from them the same numbers on every machine.
#include "mock_server/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <utility>

namespace fanbench {
namespace {

using Json = nlohmann::ordered_json;

// ---------------------------------------------------------------------------------------------- errors

/// What came, fit for one line: in quotes, printable ASCII only, and not longer than a line.
std::string quote(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string out = "\"";
  for (const char c : text.substr(0, longest)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > longest ? "…\"" : "\"");
}

[[noreturn]] void refuse(std::string_view came, std::string_view expected) {
  throw PlanError(fmt::format("came {}, expected {}", came, expected));
}

/// Runs `read`, and puts the key's name before what it complains about.
template <class Read>
auto in_key(std::string_view key, Read read) {
  try {
    return read();
  } catch (const PlanError& error) {
    throw PlanError(fmt::format("{}: {}", key, error.what()));
  }
}

// ------------------------------------------------------------------------------------------- durations

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::array<Unit, 4> units{{{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// ---------------------------------------------------------------------------------------------- delays

constexpr std::string_view delay_grammar =
    "200ms, uniform:min=10ms,max=50ms, lognormal:p50=20ms,p99=200ms or "
    "bimodal:fast=20ms,slow=200ms,slow_share=0.05";

double parse_share(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Written so that nan is refused too.
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= 1)) {
    refuse(quote(text), "a share from 0 to 1");
  }
  return value;
}

/// The values of "a=1,b=2" in the order of `keys`: each key once, in any order, none else.
template <std::size_t N>
std::array<std::string_view, N> split_keys(std::string_view text,
                                           const std::array<std::string_view, N>& keys) {
  std::array<std::optional<std::string_view>, N> found;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    const std::size_t equals = part.find('=');
    const std::string_view key = part.substr(0, equals);
    const auto known = std::find(keys.begin(), keys.end(), key);
    if (known == keys.end()) refuse(quote(key), fmt::format("the keys {}", fmt::join(keys, ", ")));
    if (equals == std::string_view::npos) refuse(quote(part), fmt::format("{}=<value>", key));
    auto& value = found[static_cast<std::size_t>(known - keys.begin())];
    if (value) refuse(fmt::format("{} twice", key), "each key once");
    value = part.substr(equals + 1);
    begin = end + 1;
  }
  std::array<std::string_view, N> values;
  for (std::size_t i = 0; i < N; ++i) {
    if (!found[i]) refuse(fmt::format("no {}", keys[i]), fmt::format("the keys {}", fmt::join(keys, ", ")));
    values[i] = *found[i];
  }
  return values;
}

Nanoseconds duration_of(std::string_view key, std::string_view text) {
  return in_key(key, [&] { return parse_duration(text); });
}

Delay parse_uniform(std::string_view text) {
  const auto [min, max] = split_keys<2>(text, {"min", "max"});
  const UniformDelay delay{.min = duration_of("min", min), .max = duration_of("max", max)};
  if (delay.min > delay.max) refuse(fmt::format("min={},max={}", min, max), "min at most max");
  return delay;
}

Delay parse_lognormal(std::string_view text) {
  const auto [p50, p99] = split_keys<2>(text, {"p50", "p99"});
  const LognormalDelay delay{.p50 = duration_of("p50", p50), .p99 = duration_of("p99", p99)};
  if (delay.p50 > delay.p99) refuse(fmt::format("p50={},p99={}", p50, p99), "p50 at most p99");
  if (delay.p50 == delay.p50.zero() && delay.p99 > delay.p99.zero()) {
    refuse(fmt::format("p50={},p99={}", p50, p99), "p50 above 0, or both 0");
  }
  return delay;
}

Delay parse_bimodal(std::string_view text) {
  const auto [fast, slow, share] = split_keys<3>(text, {"fast", "slow", "slow_share"});
  return BimodalDelay{.fast = duration_of("fast", fast),
                      .slow = duration_of("slow", slow),
                      .slow_share = in_key("slow_share", [&, s = share] { return parse_share(s); })};
}

struct FormatDelay {
  std::string operator()(const FixedDelay& d) const { return format_duration(d.value); }
  std::string operator()(const UniformDelay& d) const {
    return fmt::format("uniform:min={},max={}", format_duration(d.min), format_duration(d.max));
  }
  std::string operator()(const LognormalDelay& d) const {
    return fmt::format("lognormal:p50={},p99={}", format_duration(d.p50), format_duration(d.p99));
  }
  std::string operator()(const BimodalDelay& d) const {
    return fmt::format("bimodal:fast={},slow={},slow_share={}", format_duration(d.fast),
                       format_duration(d.slow), d.slow_share);
  }
};

// ----------------------------------------------------------------------------------------------- plans

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

// ----------------------------------------------------------------------------------------------- draws

/// What a draw is for: draws of different streams are independent.
enum class Stream : std::uint64_t { answer, delay, fails, failing_attempts, kind };

/// SplitMix64's step. Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA
/// 2014.
std::uint64_t mix(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/// 64 random bits that depend on nothing but the arguments: any call's draws can be made in any order,
/// anywhere.
std::uint64_t draw(std::uint64_t seed, CallId id, Attempt attempt, Stream stream) {
  const std::uint64_t call = (std::uint64_t{attempt} << 32) | id;
  return mix(mix(mix(seed) + call) + static_cast<std::uint64_t>(stream));
}

/// In [0, 1), from the upper 53 bits.
double to_unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

template <std::size_t N>
double polynomial(const std::array<double, N>& coefficients, double x) {
  double sum = 0;
  for (std::size_t i = N; i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

/// The standard normal's quantile, for p in (0, 1); relative error about 1e-16.
/// Source: M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied
/// Statistics 37 (1988), routine PPND16.
double normal_quantile(double p) {
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q *
           polynomial<8>({3.3871328727963666080e0, 1.3314166789178437745e+2, 1.9715909503065514427e+3,
                          1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                          3.3430575583588128105e+4, 2.5090809287301226727e+3},
                         r) /
           polynomial<8>({1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2, 5.3941960214247511077e+3,
                          2.1213794301586595867e+4, 3.9307895800092710610e+4, 2.8729085735721942674e+4,
                          5.2264952788528545610e+3},
                         r);
  }
  double r = std::sqrt(-std::log(q < 0 ? p : 1 - p));
  double x = 0;
  if (r <= 5) {
    r -= 1.6;
    x = polynomial<8>({1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                       3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                       2.27238449892691845833e-2, 7.74545014278341407640e-4},
                      r) /
        polynomial<8>({1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                       1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                       1.05075007164441684324e-9},
                      r);
  } else {
    r -= 5;
    x = polynomial<8>({6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                       2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                       2.71155556874348757815e-5, 2.01033439929228813265e-7},
                      r) /
        polynomial<8>({1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                       7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                       2.04426310338993978564e-15},
                      r);
  }
  return q < 0 ? -x : x;
}

constexpr double z99 = 2.3263478740408408;  // normal_quantile(0.99)

/// The delay in nanoseconds, for u in [0, 1).
struct DrawDelay {
  double u;

  double operator()(const FixedDelay& d) const { return static_cast<double>(d.value.count()); }
  double operator()(const UniformDelay& d) const {
    return static_cast<double>(d.min.count()) + u * static_cast<double>((d.max - d.min).count());
  }
  /// exp(µ + σz) with µ = ln p50 and σ = ln(p99 / p50) / z99.
  double operator()(const LognormalDelay& d) const {
    if (d.p50 == d.p99) return static_cast<double>(d.p50.count());
    const double p50 = static_cast<double>(d.p50.count());
    const double sigma = std::log(static_cast<double>(d.p99.count()) / p50) / z99;
    // The middle of u's step of 2⁻⁵³, so that neither end, where the quantile is infinite, is ever asked for.
    return p50 * std::exp(sigma * normal_quantile(std::min(u + 0x1p-54, 1 - 0x1p-53)));
  }
  double operator()(const BimodalDelay& d) const {
    return static_cast<double>((u < d.slow_share ? d.slow : d.fast).count());
  }
};

/// Whole microseconds hide what is left of the differences between machines: the last bit of log and exp.
Nanoseconds to_delay(double nanoseconds) {
  const double bounded = std::clamp(nanoseconds, 0.0, static_cast<double>(max_duration.count()));
  return std::chrono::microseconds(static_cast<std::int64_t>(std::floor(bounded / 1000 + 0.5)));
}

}  // namespace

Nanoseconds parse_duration(std::string_view text) {
  const auto bad = [&] {
    refuse(quote(text),
           fmt::format("a duration such as 200ms, 1.5s, 250us, 10ns or 0, at most {}, in whole nanoseconds",
                       format_duration(max_duration)));
  };
  if (text == "0") return Nanoseconds::zero();
  const auto number_end =
      std::find_if(text.begin(), text.end(), [](char c) { return !is_digit(c) && c != '.'; });
  const auto number = text.substr(0, static_cast<std::size_t>(number_end - text.begin()));
  const auto unit = std::find_if(units.begin(), units.end(),
                                 [&](const Unit& u) { return u.name == text.substr(number.size()); });
  const std::size_t point = std::min(number.find('.'), number.size());
  if (unit == units.end() || point == 0 || point + 1 == number.size()) bad();

  // In whole numbers, because a double would not read 0.3us as 300 ns.
  std::int64_t value = 0, scale = unit->nanoseconds;
  for (const char c : number.substr(0, point)) {
    value = value * 10 + (c - '0') * scale;
    if (value > max_duration.count() * 10) bad();
  }
  for (const char c : number.substr(std::min(point + 1, number.size()))) {
    scale /= 10;
    if (!is_digit(c) || (scale == 0 && c != '0')) bad();
    value += (c - '0') * scale;
  }
  if (value > max_duration.count()) bad();
  return Nanoseconds(value);
}

std::string format_duration(Nanoseconds value) {
  if (value == value.zero()) return "0ms";
  const auto fits = [&](const Unit& u) { return std::abs(value.count()) >= u.nanoseconds; };
  const Unit unit = *std::find_if(units.begin(), units.end(), fits);
  std::string text =
      fmt::format("{}{}", value.count() < 0 ? "-" : "", std::abs(value.count() / unit.nanoseconds));
  if (const auto rest = std::abs(value.count() % unit.nanoseconds); rest != 0) {
    const std::string fraction = fmt::format("{}", unit.nanoseconds + rest);  // its leading 1 keeps the zeros
    text += '.' + fraction.substr(1, fraction.find_last_not_of('0'));
  }
  return text.append(unit.name);
}

Delay parse_delay(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    if (text.empty() || !is_digit(text.front())) refuse(quote(text), delay_grammar);
    return FixedDelay{parse_duration(text)};
  }
  const std::string_view name = text.substr(0, colon), keys = text.substr(colon + 1);
  return in_key(quote(name), [&]() -> Delay {
    if (name == "uniform") return parse_uniform(keys);
    if (name == "lognormal") return parse_lognormal(keys);
    if (name == "bimodal") return parse_bimodal(keys);
    refuse(quote(text), delay_grammar);
  });
}

std::string format_delay(const Delay& delay) { return std::visit(FormatDelay{}, delay); }

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
        if (name == "delay") plan.delay = parse_delay(read_text(value, delay_grammar));
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
  reply.delay = to_delay(std::visit(DrawDelay{unit(attempt, Stream::delay)}, plan.delay));
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
