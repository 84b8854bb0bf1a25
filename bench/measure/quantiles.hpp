// Exact quantiles, and only those that the sample can carry.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <vector>

namespace fanbench {

/// The q-quantile of a sample, 0 < q < 1: the smallest value that at least a share q of the sample does not
/// exceed (Hyndman & Fan 1996, definition 1). Nothing where fewer than ten values lie beyond it on its far
/// side.
inline std::optional<double> quantile(std::vector<double> sample, double q) {
  const auto n = static_cast<double>(sample.size());
  const double beyond = n - std::ceil(q * n);
  const double before = std::ceil(q * n) - 1;
  if (sample.empty() || (q >= 0.5 ? beyond : before) < 10) return std::nullopt;
  const auto at = sample.begin() + static_cast<std::ptrdiff_t>(std::ceil(q * n)) - 1;
  std::ranges::nth_element(sample, at);
  return *at;
}

/// The median of a sample that is not empty: the mean of the middle two where there is no middle one.
inline double median(std::vector<double> sample) {
  std::ranges::sort(sample);
  const std::size_t middle = sample.size() / 2;
  return sample.size() % 2 == 1 ? sample[middle] : (sample[middle - 1] + sample[middle]) / 2;
}

/// The mean of a sample that is not empty.
inline double mean(const std::vector<double>& sample) {
  return std::accumulate(sample.begin(), sample.end(), 0.0) / static_cast<double>(sample.size());
}

}  // namespace fanbench
