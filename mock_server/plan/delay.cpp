// Draws delays by their quantile functions: README.md has the formulas.
#include "mock_server/plan/delay.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "mock_server/plan/draws.hpp"

namespace fanbench {
namespace {

constexpr double z99 = 2.3263478740408408;  // normal_quantile(0.99)
constexpr double ln2 = 0.6931471805599453;
constexpr double ln50 = 3.9120230054281460;  // ln(0.5 / 0.01): from the median to the 99th percentile

double count(Nanoseconds value) { return static_cast<double>(value.count()); }

/// Where the 99th percentile lies over the median, on the scale of logarithms.
template <class D>
double log_ratio(const D& d) {
  return exact_log(count(d.p99) / count(d.p50));
}

/// The delay in nanoseconds.
struct Draw {
  std::uint64_t bits;

  double unit() const { return to_unit(bits); }
  /// -ln(1 - u): a standard exponential.
  double standard_exponential() const { return -exact_log(1 - to_open_unit(bits)); }

  double operator()(const FixedDelay& d) const { return count(d.value); }
  double operator()(const UniformDelay& d) const { return count(d.min) + unit() * count(d.max - d.min); }
  double operator()(const NormalDelay& d) const {
    // Drawn again until it is not negative, which half of the draws are at the least: the mean is not.
    for (std::uint64_t again = bits;; again = mix(again)) {
      const double value = count(d.mean) + count(d.sd) * normal_quantile(to_open_unit(again));
      if (value >= 0) return value;
    }
  }
  double operator()(const LognormalDelay& d) const {
    if (d.p50 == d.p99) return count(d.p50);
    return count(d.p50) * exact_exp(log_ratio(d) / z99 * normal_quantile(to_open_unit(bits)));
  }
  double operator()(const ExponentialDelay& d) const {
    return count(d.p50) + count(d.p99 - d.p50) / ln50 * (standard_exponential() - ln2);
  }
  double operator()(const ParetoDelay& d) const {
    if (d.p50 == d.p99) return count(d.p50);
    return count(d.p50) * exact_exp(log_ratio(d) / ln50 * (standard_exponential() - ln2));
  }
  double operator()(const BimodalDelay& d) const { return count(unit() < d.slow_share ? d.slow : d.fast); }
  double operator()(const PercentilesDelay& d) const {
    const double percent = unit() * 100;
    const auto upper = std::upper_bound(d.points.begin(), d.points.end(), percent,
                                        [](double p, const auto& point) { return p < point.first; });
    if (upper == d.points.begin()) return count(upper->second);
    const auto lower = std::prev(upper);
    if (upper == d.points.end()) return count(lower->second);
    return count(lower->second) +
           (percent - lower->first) / (upper->first - lower->first) * count(upper->second - lower->second);
  }
  double operator()(const SamplesDelay& d) const {
    return count(d.values[static_cast<std::size_t>(unit() * static_cast<double>(d.values.size()))]);
  }
};

}  // namespace

Nanoseconds draw_delay(const Delay& delay, std::uint64_t bits) {
  const double bounded = std::clamp(std::visit(Draw{bits}, delay), 0.0, count(max_duration));
  return std::chrono::microseconds(static_cast<std::int64_t>(std::floor(bounded / 1000 + 0.5)));
}

}  // namespace fanbench
