// Instructions in user space, by perf events.
#include "bench/counting/instructions.hpp"

#include <linux/perf_event.h>

namespace fanbench {

std::optional<InstructionCounter> InstructionCounter::open(pid_t excluded, pid_t not_counted) {
  constexpr TreeCounter::Event instructions{
      .type = PERF_TYPE_HARDWARE, .config = PERF_COUNT_HW_INSTRUCTIONS, .exclude_kernel = true};
  auto counter = TreeCounter::open(instructions, excluded, not_counted);
  if (!counter) return std::nullopt;
  return InstructionCounter(std::move(*counter));
}

std::optional<std::uint64_t> InstructionCounter::stop() {
  const auto count = counter_.stop();
  return count && *count > 0 ? count : std::nullopt;
}

}  // namespace fanbench
