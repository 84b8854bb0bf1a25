// Random numbers that are the same on every machine: each a pure function of (seed, call id, attempt,
// stream).
#pragma once

#include <cstdint>

namespace fanbench {

using CallId = std::uint32_t;
using Attempt = std::uint32_t;  // 0 is a call's first attempt

/// SplitMix64's step. Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA
/// 2014.
constexpr std::uint64_t mix(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/// 64 random bits that depend on nothing but the arguments: any call's draws can be made in any order,
/// anywhere. Different streams of a call are independent.
constexpr std::uint64_t draw(std::uint64_t seed, CallId id, Attempt attempt, std::uint64_t stream) {
  const std::uint64_t call = (std::uint64_t{attempt} << 32) | id;
  return mix(mix(mix(seed) + call) + stream);
}

/// In [0, 1), from the upper 53 bits.
constexpr double to_unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }
/// In (0, 1): the middle of to_unit's step, so that neither end, where some quantile is infinite, is ever
/// asked for.
constexpr double to_open_unit(std::uint64_t bits) {
  const double middle = to_unit(bits) + 0x1p-54;
  return middle < 1 ? middle : 1 - 0x1p-53;
}

// Of additions, multiplications, divisions and square roots only, which IEEE 754 rounds the same way
// everywhere. The C library's own log and exp differ in the last bit between its versions, and between
// processors under one version.

/// The natural logarithm, for normal numbers above 0; relative error about 1e-16.
double exact_log(double x);
/// e to the x, for |x| up to 700; relative error about 1e-16 for each unit of |x|.
double exact_exp(double x);
/// The standard normal's quantile, for p in (0, 1); relative error about 1e-16.
/// Source: M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied
/// Statistics 37 (1988), routine PPND16.
double normal_quantile(double p);

}  // namespace fanbench
