// Exact quantiles, and only those that the sample can carry.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
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

/// The greatest values of a sample of so many.
struct Tail {
  std::size_t number = 0;
  std::vector<double> greatest{};  // the greatest first
};

/// Of a sample that is too small for its 0.99-quantile: with those of other samples the quantile of all of them
/// can be told. A tenth of the values, ten at least: more than a hundredth, as the greatest of all may be one
/// sample's. Nothing where the sample has the quantile, or no values.
inline std::optional<Tail> tail(std::vector<double> sample) {
  if (sample.empty() || quantile(sample, 0.99)) return std::nullopt;
  Tail found{.number = sample.size()};
  found.greatest.resize(std::min(sample.size(), std::max<std::size_t>(10, sample.size() / 10)));
  std::ranges::partial_sort_copy(sample, found.greatest, std::ranges::greater{});
  return found;
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
