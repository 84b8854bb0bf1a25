// Reads and writes delays.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "mock_server/plan/delay.hpp"
#include "mock_server/plan/refusal.hpp"

namespace fanbench {
namespace {

constexpr std::string_view delay_grammar =
    "200ms, uniform:min=10ms,max=50ms, normal:mean=200ms,sd=20ms, lognormal:p50=20ms,p99=200ms, "
    "exponential:p50=20ms, pareto:p50=20ms,p99=200ms, bimodal:fast=20ms,slow=200ms,slow_share=0.05, "
    "percentiles:p50=20ms,p99=200ms or samples:12ms,15ms";
constexpr double log2_of_100 = 6.643856189774724;

double parse_number(std::string_view text, double max, std::string_view expected) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // Written so that nan is refused too.
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= max)) {
    refuse(quote(text), expected);
  }
  return value;
}

/// Calls `use` with each of the parts between the separators.
template <class Use>
void for_each_part(std::string_view text, char separator, Use use) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    use(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

/// The values of "a=1,b=2" in the order of `keys`: each key once, in any order, none else. The last
/// `optional` of the keys may be left out, and are empty then.
template <std::size_t N>
std::array<std::string_view, N> split_keys(std::string_view text, const std::array<std::string_view, N>& keys,
                                           std::size_t optional = 0) {
  std::array<std::optional<std::string_view>, N> found;
  const auto expected = [&] { return fmt::format("the keys {}", fmt::join(keys, ", ")); };
  for_each_part(text, ',', [&](std::string_view part) {
    const std::size_t equals = part.find('=');
    const std::string_view key = part.substr(0, equals);
    const auto known = std::find(keys.begin(), keys.end(), key);
    if (known == keys.end()) refuse(quote(key), expected());
    if (equals == std::string_view::npos) refuse(quote(part), fmt::format("{}=<value>", key));
    auto& value = found[static_cast<std::size_t>(known - keys.begin())];
    if (value) refuse(fmt::format("{} twice", key), "each key once");
    value = part.substr(equals + 1);
  });
  std::array<std::string_view, N> values;
  for (std::size_t i = 0; i < N; ++i) {
    if (!found[i] && i < N - optional) refuse(fmt::format("no {}", keys[i]), expected());
    values[i] = found[i].value_or("");
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

Delay parse_normal(std::string_view text) {
  const auto [mean, sd] = split_keys<2>(text, {"mean", "sd"});
  return NormalDelay{.mean = duration_of("mean", mean), .sd = duration_of("sd", sd)};
}

/// Of the distributions that are given by two percentiles.
template <class D>
D parse_two_percentiles(std::string_view text) {
  const auto [p50, p99] = split_keys<2>(text, {"p50", "p99"});
  const D delay{.p50 = duration_of("p50", p50), .p99 = duration_of("p99", p99)};
  if (delay.p50 > delay.p99) refuse(fmt::format("p50={},p99={}", p50, p99), "p50 at most p99");
  if (delay.p50 == delay.p50.zero() && delay.p99 > delay.p99.zero()) {
    refuse(fmt::format("p50={},p99={}", p50, p99), "p50 above 0, or both 0");
  }
  return delay;
}

Delay parse_exponential(std::string_view text) {
  const auto [p50, p99] = split_keys<2>(text, {"p50", "p99"}, 1);
  ExponentialDelay delay{.p50 = duration_of("p50", p50), .p99 = {}};
  const auto longest =
      Nanoseconds(static_cast<std::int64_t>(static_cast<double>(delay.p50.count()) * log2_of_100));
  delay.p99 = p99.empty() ? longest : duration_of("p99", p99);
  if (delay.p99 < delay.p50 || delay.p99 > longest) {
    refuse(fmt::format("p50={},p99={}", p50, p99),
           fmt::format("p99 from p50 to 6.64 times as long, which is {}", format_duration(longest)));
  }
  return delay;
}

Delay parse_bimodal(std::string_view text) {
  const auto [fast, slow, share] = split_keys<3>(text, {"fast", "slow", "slow_share"});
  return BimodalDelay{.fast = duration_of("fast", fast),
                      .slow = duration_of("slow", slow),
                      .slow_share = in_key("slow_share", [&, s = share] {
                        return parse_number(s, 1, "a share from 0 to 1");
                      })};
}

Delay parse_percentiles(std::string_view text) {
  PercentilesDelay delay;
  for_each_part(text, ',', [&](std::string_view part) {
    const std::size_t equals = part.find('=');
    if (!part.starts_with('p') || equals == std::string_view::npos)
      refuse(quote(part), "p<percent>=<duration>");
    const double percent = parse_number(part.substr(1, equals - 1), 100, "a percentile from p0 to p100");
    const Nanoseconds value = duration_of(part.substr(0, equals), part.substr(equals + 1));
    if (!delay.points.empty() &&
        (percent <= delay.points.back().first || value < delay.points.back().second)) {
      refuse(quote(part), "rising percentiles with delays that never fall");
    }
    delay.points.emplace_back(percent, value);
  });
  return delay;
}

Delay parse_samples(std::string_view text) {
  SamplesDelay delay;
  for_each_part(text, ',', [&](std::string_view part) { delay.values.push_back(parse_duration(part)); });
  return delay;
}

struct FormatDelay {
  std::string operator()(const FixedDelay& d) const { return format_duration(d.value); }
  std::string operator()(const UniformDelay& d) const {
    return fmt::format("uniform:min={},max={}", format_duration(d.min), format_duration(d.max));
  }
  std::string operator()(const NormalDelay& d) const {
    return fmt::format("normal:mean={},sd={}", format_duration(d.mean), format_duration(d.sd));
  }
  std::string operator()(const LognormalDelay& d) const { return two_percentiles("lognormal", d); }
  std::string operator()(const ExponentialDelay& d) const { return two_percentiles("exponential", d); }
  std::string operator()(const ParetoDelay& d) const { return two_percentiles("pareto", d); }
  std::string operator()(const BimodalDelay& d) const {
    return fmt::format("bimodal:fast={},slow={},slow_share={}", format_duration(d.fast),
                       format_duration(d.slow), d.slow_share);
  }
  std::string operator()(const PercentilesDelay& d) const {
    std::string text = "percentiles:";
    for (const auto& [percent, value] : d.points)
      text += fmt::format("p{}={},", percent, format_duration(value));
    text.pop_back();
    return text;
  }
  std::string operator()(const SamplesDelay& d) const {
    std::string text = "samples:";
    for (const Nanoseconds value : d.values) text += format_duration(value) + ',';
    text.pop_back();
    return text;
  }

  template <class D>
  static std::string two_percentiles(std::string_view name, const D& d) {
    return fmt::format("{}:p50={},p99={}", name, format_duration(d.p50), format_duration(d.p99));
  }
};

}  // namespace

Delay parse_delay(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    if (text.empty() || text.front() < '0' || text.front() > '9') refuse(quote(text), delay_grammar);
    return FixedDelay{parse_duration(text)};
  }
  const std::string_view name = text.substr(0, colon), keys = text.substr(colon + 1);
  return in_key(quote(name), [&]() -> Delay {
    if (name == "uniform") return parse_uniform(keys);
    if (name == "normal") return parse_normal(keys);
    if (name == "lognormal") return parse_two_percentiles<LognormalDelay>(keys);
    if (name == "exponential") return parse_exponential(keys);
    if (name == "pareto") return parse_two_percentiles<ParetoDelay>(keys);
    if (name == "bimodal") return parse_bimodal(keys);
    if (name == "percentiles") return parse_percentiles(keys);
    if (name == "samples") return parse_samples(keys);
    refuse(quote(text), delay_grammar);
  });
}

std::string format_delay(const Delay& delay) { return std::visit(FormatDelay{}, delay); }

Delay parse_delay_lines(std::string_view text) {
  std::string parts;
  for_each_part(text, '\n', [&](std::string_view line) {
    const std::size_t begin = std::min(line.find_first_not_of(" \t\r"), line.size());
    line = line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
    if (!line.empty() && line.front() != '#') parts.append(line).append(",");
  });
  if (parts.empty()) refuse("no line", "one duration, or one p<percent>=<duration>, per line");
  parts.pop_back();
  Delay delay = parse_delay((parts.front() == 'p' ? "percentiles:" : "samples:") + parts);
  if (const std::size_t bytes = format_delay(delay).size(); bytes > max_delay_text) {
    refuse(fmt::format("{} durations, {} bytes of a plan", std::ranges::count(parts, ',') + 1, bytes),
           fmt::format(
               "at most {} bytes, as a server takes them: a random part of the lines (shuf -n 100000), or "
               "percentiles (p99=200ms)",
               max_delay_text));
  }
  return delay;
}

}  // namespace fanbench
