// Reads and writes delays.
#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "mock_server/plan/delay.hpp"
#include "mock_server/plan/refusal.hpp"

namespace fanbench {
namespace {

constexpr double log2_of_100 = 6.643856189774724;

/// What follows a distribution's name and colon.
struct Keys {
  std::string_view text, form;  // the form: of a whole delay of that distribution

  [[noreturn]] void are_wrong(std::string_view why) const { suggest(why, form); }
};

/// From 0 to `max`.
std::optional<double> parse_number(std::string_view text, double max) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  // Written so that nan is refused too.
  return whole && value >= 0 && value <= max ? std::optional(value) : std::nullopt;
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

/// The values of "a=1,b=2" in the order of `names`: each key once, in any order, none else. The last
/// `optional` of them may be left out, and are empty then.
template <std::size_t N>
std::array<std::string_view, N> split_keys(const Keys& keys, const std::array<std::string_view, N>& names,
                                           std::size_t optional = 0) {
  std::array<std::optional<std::string_view>, N> found;
  const auto take = [&](std::string_view part) {
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    const auto known = std::find(names.begin(), names.end(), name);
    if (known == names.end()) keys.are_wrong(fmt::format("{} is none of its keys", quote(name)));
    if (equals == std::string_view::npos) keys.are_wrong(fmt::format("{} has no value", name));
    auto& value = found[static_cast<std::size_t>(known - names.begin())];
    if (value) keys.are_wrong(fmt::format("{} comes twice", name));
    value = part.substr(equals + 1);
  };
  if (!keys.text.empty()) for_each_part(keys.text, ',', take);
  std::array<std::string_view, N> values;
  for (std::size_t i = 0; i < N; ++i) {
    if (!found[i] && i < N - optional) keys.are_wrong(fmt::format("{} is missing", names[i]));
    values[i] = found[i].value_or("");
  }
  return values;
}

Nanoseconds duration_of(std::string_view key, std::string_view text) {
  return in_key(key, [&] { return parse_duration(text); });
}

Delay parse_uniform(const Keys& keys) {
  const auto [min, max] = split_keys<2>(keys, {"min", "max"});
  const UniformDelay delay{.min = duration_of("min", min), .max = duration_of("max", max)};
  if (delay.min > delay.max) keys.are_wrong(fmt::format("min={} is above max={}", min, max));
  return delay;
}

Delay parse_normal(const Keys& keys) {
  const auto [mean, sd] = split_keys<2>(keys, {"mean", "sd"});
  return NormalDelay{.mean = duration_of("mean", mean), .sd = duration_of("sd", sd)};
}

/// Of the distributions that are given by two percentiles.
template <class D>
Delay parse_two_percentiles(const Keys& keys) {
  const auto [p50, p99] = split_keys<2>(keys, {"p50", "p99"});
  const D delay{.p50 = duration_of("p50", p50), .p99 = duration_of("p99", p99)};
  if (delay.p50 > delay.p99) keys.are_wrong(fmt::format("p50={} is above p99={}", p50, p99));
  if (delay.p50 == delay.p50.zero() && delay.p99 > delay.p99.zero()) {
    keys.are_wrong(fmt::format("p50 is 0, but p99={}", p99));
  }
  return delay;
}

Delay parse_exponential(const Keys& keys) {
  const auto [p50, p99] = split_keys<2>(keys, {"p50", "p99"}, 1);
  ExponentialDelay delay{.p50 = duration_of("p50", p50), .p99 = {}};
  const auto longest =
      Nanoseconds(static_cast<std::int64_t>(static_cast<double>(delay.p50.count()) * log2_of_100));
  delay.p99 = p99.empty() ? longest : duration_of("p99", p99);
  if (delay.p99 < delay.p50 || delay.p99 > longest) {
    keys.are_wrong(fmt::format("p99={} is not from p50 to 6.64 times as long, which is {}", p99,
                               format_duration(longest)));
  }
  return delay;
}

Delay parse_bimodal(const Keys& keys) {
  const auto [fast, slow, share] = split_keys<3>(keys, {"fast", "slow", "slow_share"});
  BimodalDelay delay{.fast = duration_of("fast", fast), .slow = duration_of("slow", slow)};
  const auto slow_share = parse_number(share, 1);
  if (!slow_share) keys.are_wrong(fmt::format("slow_share: {} is no number from 0 to 1", quote(share)));
  delay.slow_share = *slow_share;
  return delay;
}

Delay parse_percentiles(const Keys& keys) {
  PercentilesDelay delay;
  for_each_part(keys.text, ',', [&](std::string_view part) {
    const std::size_t equals = part.find('=');
    if (!part.starts_with('p') || equals == std::string_view::npos)
      keys.are_wrong(fmt::format("{} is no p<percent>=<duration>", quote(part)));
    const auto percent = parse_number(part.substr(1, equals - 1), 100);
    if (!percent) keys.are_wrong(fmt::format("{} is no percentile from p0 to p100", quote(part)));
    const Nanoseconds value = duration_of(part.substr(0, equals), part.substr(equals + 1));
    if (!delay.points.empty() &&
        (*percent <= delay.points.back().first || value < delay.points.back().second)) {
      keys.are_wrong(fmt::format("{} is out of order: percentiles rise, and delays never fall", quote(part)));
    }
    delay.points.emplace_back(*percent, value);
  });
  return delay;
}

Delay parse_samples(const Keys& keys) {
  SamplesDelay delay;
  for_each_part(keys.text, ',', [&](std::string_view part) { delay.values.push_back(parse_duration(part)); });
  return delay;
}

struct Distribution {
  std::string_view name, form;
  Delay (*parse)(const Keys&);
};
constexpr std::array<Distribution, 8> distributions{{
    {"uniform", "uniform:min=10ms,max=50ms", parse_uniform},
    {"normal", "normal:mean=200ms,sd=20ms", parse_normal},
    {"lognormal", "lognormal:p50=20ms,p99=200ms", parse_two_percentiles<LognormalDelay>},
    {"exponential", "exponential:p50=20ms,p99=100ms", parse_exponential},
    {"pareto", "pareto:p50=20ms,p99=200ms", parse_two_percentiles<ParetoDelay>},
    {"bimodal", "bimodal:fast=20ms,slow=200ms,slow_share=0.05", parse_bimodal},
    {"percentiles", "percentiles:p50=20ms,p90=80ms,p99.9=1s", parse_percentiles},
    {"samples", "samples:12ms,15.5ms,12ms", parse_samples},
}};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Where a distribution is to be named, and none is.
[[noreturn]] void refuse_delay(std::string_view text, std::string_view name) {
  constexpr std::size_t longest = 32;  // names that are longer are near to none
  const auto distance = [name = name.substr(0, longest)](const Distribution& d) {
    return edit_distance(name, d.name);
  };
  const Distribution& nearest = *std::ranges::min_element(distributions, {}, distance);
  if (2 * distance(nearest) <= nearest.name.size()) {
    suggest(fmt::format("{} is no distribution", quote(name)), nearest.form);
  }
  std::array<std::string_view, distributions.size()> names;
  std::ranges::transform(distributions, names.begin(), &Distribution::name);
  suggest(fmt::format("{} is neither a duration nor one of {}", quote(text), fmt::join(names, ", ")),
          "200ms");
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
  const bool named = !text.empty() && is_letter(text.front());
  if (!named) return FixedDelay{parse_duration(text)};
  const std::size_t colon = std::min(text.find(':'), text.size());
  const std::string_view name = text.substr(0, colon);
  const auto* known = std::ranges::find(distributions, name, &Distribution::name);
  if (known == distributions.end()) refuse_delay(text, name);
  return in_key(name, [&] {
    return known->parse({.text = text.substr(std::min(colon + 1, text.size())), .form = known->form});
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
