// Reads and writes durations, in whole nanoseconds.
#include "mock_server/plan/duration.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <variant>

#include "mock_server/plan/refusal.hpp"

namespace fanbench {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::array<Unit, 4> units{{{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};

/// What keeps a text from being a duration.
struct Wrong {
  std::string_view what;
  std::string_view form{};  // what would be one; empty: see meant_by
};
using Reading = std::variant<Nanoseconds, Wrong>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// In whole numbers, because a double would not read 0.3us as 300 ns.
Reading read_number(std::string_view number, std::int64_t unit_ns) {
  constexpr Wrong no_number{"a duration is a number and its unit", "1.5s"};
  constexpr Wrong too_long{"a duration is an hour at most", "3600s"};
  const std::size_t point = std::min(number.find('.'), number.size());
  if (point == 0 || point + 1 == number.size()) return no_number;
  std::int64_t value = 0, scale = unit_ns;
  for (const char c : number.substr(0, point)) {
    value = value * 10 + (c - '0') * scale;
    if (value > max_duration.count() * 10) return too_long;
  }
  for (const char c : number.substr(std::min(point + 1, number.size()))) {
    scale /= 10;
    if (!is_digit(c)) return no_number;
    if (scale == 0 && c != '0') return Wrong{"a duration is in whole nanoseconds", "1ns"};
    value += (c - '0') * scale;
  }
  if (value > max_duration.count()) return too_long;
  return Nanoseconds(value);
}

Reading read(std::string_view text) {
  if (text == "0") return Nanoseconds::zero();
  const auto number_end =
      std::find_if(text.begin(), text.end(), [](char c) { return !is_digit(c) && c != '.'; });
  const auto number = text.substr(0, static_cast<std::size_t>(number_end - text.begin()));
  const auto unit = text.substr(number.size());
  if (number.empty() || number.front() == '.') return Wrong{"a duration begins with a digit"};
  if (unit.empty()) return Wrong{"a duration needs a unit"};
  const auto known = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == unit; });
  if (known == units.end()) return Wrong{"a duration's unit is s, ms, us or ns"};
  return read_number(number, known->nanoseconds);
}

/// The duration that the text is but for its spaces, capitals or lack of a unit, if it is one.
std::string meant_by(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c != ' ') plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  for (const std::string& form : {plain, plain + "ms"}) {
    const Reading reading = read(form);
    if (const auto* value = std::get_if<Nanoseconds>(&reading)) return format_duration(*value);
  }
  return "200ms";
}

}  // namespace

Nanoseconds parse_duration(std::string_view text) {
  const Reading reading = read(text);
  if (const auto* value = std::get_if<Nanoseconds>(&reading)) return *value;
  const auto& wrong = std::get<Wrong>(reading);
  const std::string form = wrong.form.empty() ? meant_by(text) : std::string(wrong.form);
  suggest(fmt::format("{}: {}", quote(text), wrong.what), form);
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

}  // namespace fanbench
