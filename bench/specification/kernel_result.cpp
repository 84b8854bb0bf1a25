// The result of impls/kernel.hpp without its work.
#include "bench/specification/kernel_result.hpp"

#include "impls/kernel.hpp"

namespace fanbench {

std::uint64_t kernel_result(std::uint64_t input, std::uint64_t steps) noexcept {
  std::uint64_t factor = 1, addend = 0;  // x → factor·x + addend are the steps so far,
  std::uint64_t leap_factor = kernel_factor, leap_addend = kernel_addend;  // and this 1, 2, 4 … at once
  for (; steps > 0; steps >>= 1) {
    if (steps & 1) {
      factor *= leap_factor;
      addend = addend * leap_factor + leap_addend;
    }
    leap_addend *= leap_factor + 1;
    leap_factor *= leap_factor;
  }
  return factor * input + addend;
}

}  // namespace fanbench
