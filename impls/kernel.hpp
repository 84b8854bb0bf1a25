// The work of workloads that compute: a chain of multiplications that no compiler can shorten and no cache
// can spoil.
#pragma once

#include <cstdint>

#include "impls/contract/records.hpp"

namespace fanbench {

inline constexpr std::uint64_t kernel_factor = 6364136223846793005, kernel_addend = 1442695040888963407;

/// `steps` steps of the linear congruential generator x → factor·x + addend mod 2^64 from `input` on, with
/// Knuth's MMIX constants (The Art of Computer Programming, vol. 2, 3.3.4). Each step needs the one before.
inline std::uint64_t kernel(std::uint64_t input, std::uint64_t steps) noexcept {
  for (std::uint64_t i = 0; i < steps; ++i) input = input * kernel_factor + kernel_addend;
  return input;
}

/// mixed, crawl: the work that follows a reply. Its result is what the call is recorded with.
inline Reply digest(const Scenario& scenario, Reply reply) noexcept {
  reply.answer = kernel(reply.answer, scenario.kernel_steps);
  return reply;
}
/// early_start: the work of the fan-out itself: its beginning is event 0, its end with the result event 1.
inline void work_meanwhile(const Scenario& scenario, Recorder& recorder) {
  recorder.event(Recorder::none, 0, 0);
  recorder.event(Recorder::none, 1, kernel(scenario.seed, scenario.kernel_steps));
}
/// cpu: the work that is the call.
inline Reply compute(const Scenario& scenario, CallId id) noexcept {
  return {.verdict = Verdict::ok, .answer = kernel(priority(scenario, id), scenario.kernel_steps)};
}

}  // namespace fanbench
