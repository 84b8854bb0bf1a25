// The result of impls/kernel.hpp without its work.
#pragma once

#include <cstdint>

namespace fanbench {

/// kernel(input, steps) in O(log steps). Source: Brown, "Random Number Generation with Arbitrary Strides"
/// (1994).
std::uint64_t kernel_result(std::uint64_t input, std::uint64_t steps) noexcept;

}  // namespace fanbench
