// Times the kernel.
#include "bench/machine/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <optional>

#include "impls/kernel.hpp"

namespace fanbench {
namespace {

std::optional<double> told;  // steps per millisecond

/// CPU time of this thread: what others on the CPU take is no part of it.
Nanoseconds thread_cpu() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

/// In nanoseconds for a step, the best of some tries of so many steps.
double best_of(int tries, std::uint64_t steps) {
  Nanoseconds shortest = Nanoseconds::max();
  volatile std::uint64_t result = 1;  // else the compiler might leave the work out
  for (int i = 0; i < tries; ++i) {
    const Nanoseconds began = thread_cpu();
    result = kernel(result, steps);
    shortest = std::min(shortest, thread_cpu() - began);
  }
  return static_cast<double>(shortest.count()) / static_cast<double>(steps);
}

std::uint64_t steps_in(Nanoseconds time, double ns_per_step) {
  return static_cast<std::uint64_t>(std::ceil(static_cast<double>(time.count()) / ns_per_step));
}

}  // namespace

double kernel_steps_per_ms() {
  if (told) return *told;
  static const double found = 1e6 / best_of(10, steps_in(std::chrono::milliseconds(2), best_of(10, 100'000)));
  return found;
}

void set_kernel_steps_per_ms(double steps_per_ms) { told = steps_per_ms; }

std::uint64_t kernel_steps_in(Nanoseconds work) {
  return work <= Nanoseconds{} ? 0 : steps_in(work, 1e6 / kernel_steps_per_ms());
}

Nanoseconds time_of_kernel(std::uint64_t steps) {
  if (steps == 0) return {};
  const std::uint64_t few = std::min(steps, kernel_steps_in(std::chrono::microseconds(500)));
  return Nanoseconds(std::llround(best_of(5, few) * static_cast<double>(steps)));
}

}  // namespace fanbench
