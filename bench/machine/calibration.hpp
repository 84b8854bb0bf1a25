// How much work a millisecond of this machine is.
#pragma once

#include <cstdint>

#include "impls/contract/model.hpp"

namespace fanbench {

/// The speed of the kernel, in steps per millisecond: the best of ten tries of about 2 ms of CPU time, made
/// when it is asked for first, unless it was told before. So work takes at least as long as it is to, and
/// longer where the CPU is shared or slows down.
double kernel_steps_per_ms();
/// Tells the speed: benches that are compared have to do the same work, and no two find the same speed.
/// `steps_per_ms` is above 0.
void set_kernel_steps_per_ms(double steps_per_ms);
/// Steps of the kernel for so much time at that speed, at least 1 for a time above 0.
std::uint64_t kernel_steps_in(Nanoseconds work);
/// What so many steps take on the CPU of the calling thread just now: by the best of five tries of no more
/// than half a millisecond.
Nanoseconds time_of_kernel(std::uint64_t steps);

}  // namespace fanbench
