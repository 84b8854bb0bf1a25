// Reads and writes durations, in whole nanoseconds.
#include "mock_server/plan/duration.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

#include "mock_server/plan/refusal.hpp"

namespace fanbench {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::array<Unit, 4> units{{{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

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

}  // namespace fanbench
