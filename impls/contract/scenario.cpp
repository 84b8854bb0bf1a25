// Waits and priorities, drawn from the scenario's seed: the same in every model and every process.
#include "impls/contract/scenario.hpp"

#include <algorithm>
#include <cmath>

namespace fanbench {
namespace {

/// A hash of (seed, id, k) with splitmix64's finaliser.
std::uint64_t draw(std::uint64_t seed, CallId id, std::uint32_t k) {
  std::uint64_t bits = seed * 0x9e3779b97f4a7c15 + (std::uint64_t{id} << 32 | k) + 0x9e3779b97f4a7c15;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

}  // namespace

Nanoseconds backoff(const Scenario& scenario, CallId id, Attempt k, Nanoseconds retry_after) {
  const std::uint64_t bits = draw(scenario.seed, scenario.first + id, k);
  const double factor = 0.5 + 0.5 * (static_cast<double>(bits >> 11) * 0x1p-53);
  const auto wait = std::chrono::duration<double, std::nano>(scenario.backoff) * std::exp2(k) * factor;
  return std::max(std::chrono::duration_cast<Nanoseconds>(wait),
                  scenario.heeds_retry_after ? retry_after : Nanoseconds{});
}

std::uint64_t message_value(const Scenario& scenario, std::uint32_t n) {
  return draw(scenario.seed, n, UINT32_MAX - 1);
}

std::uint64_t priority(const Scenario& scenario, CallId id) {
  return draw(scenario.seed, scenario.first + id, UINT32_MAX);
}

}  // namespace fanbench
