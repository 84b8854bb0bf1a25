// Times the kernel.
#include "bench/measure/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>

#include "impls/kernel.hpp"

namespace fanbench {
namespace {

/// CPU time of this thread: what others on the CPU take is no part of it.
Nanoseconds thread_cpu() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

/// The shortest of ten times of so many steps.
Nanoseconds shortest_of_ten(std::uint64_t steps) {
  Nanoseconds shortest = Nanoseconds::max();
  volatile std::uint64_t result = 1;  // else the compiler might leave the work out
  for (int i = 0; i < 10; ++i) {
    const Nanoseconds began = thread_cpu();
    result = kernel(result, steps);
    shortest = std::min(shortest, thread_cpu() - began);
  }
  return shortest;
}

double steps_per_ns() {
  static const double speed = [] {
    constexpr std::uint64_t few = 100'000;
    const double rough = few / static_cast<double>(shortest_of_ten(few).count());
    const auto steps = static_cast<std::uint64_t>(rough * 2e6);  // about 2 ms
    return static_cast<double>(steps) / static_cast<double>(shortest_of_ten(steps).count());
  }();
  return speed;
}

}  // namespace

std::uint64_t kernel_steps_in(Nanoseconds work) {
  if (work <= Nanoseconds{}) return 0;
  return static_cast<std::uint64_t>(std::ceil(steps_per_ns() * static_cast<double>(work.count())));
}

double kernel_steps_per_ms() { return steps_per_ns() * 1e6; }

}  // namespace fanbench
