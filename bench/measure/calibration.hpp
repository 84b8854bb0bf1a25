// How much work a millisecond of this machine is.
#pragma once

#include <cstdint>

#include "impls/contract/model.hpp"

namespace fanbench {

/// Steps of the kernel that this CPU does in so much time, at least 1 for a time above 0: at the best speed
/// of ten tries of about 2 ms of CPU time, made when it is asked for first. So the work takes at least that
/// long, and longer where the CPU is shared or slows down.
std::uint64_t kernel_steps_in(Nanoseconds work);
/// The speed that it reckons with, in steps per millisecond.
double kernel_steps_per_ms();

}  // namespace fanbench
