// Counts system calls with perf events on the tracepoint raw_syscalls:sys_enter.
#include "bench/counting/syscalls.hpp"

#include <linux/perf_event.h>

#include <fstream>
#include <stdexcept>
#include <string>

namespace fanbench {
namespace {

/// The tracepoint's number on this kernel. Source: perf_event_open(2), PERF_TYPE_TRACEPOINT.
std::optional<std::uint64_t> tracepoint() {
  for (const char* tracefs : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"}) {
    std::ifstream file(std::string(tracefs) + "/events/raw_syscalls/sys_enter/id");
    if (std::uint64_t id = 0; file >> id) return id;
  }
  return std::nullopt;
}

}  // namespace

std::optional<SyscallCounter> SyscallCounter::open(pid_t excluded, pid_t not_counted) {
  const auto id = tracepoint();
  if (!id) return std::nullopt;
  auto counter = TreeCounter::open({.type = PERF_TYPE_TRACEPOINT, .config = *id}, excluded, not_counted);
  if (!counter) return std::nullopt;
  return SyscallCounter(std::move(*counter));
}

bool SyscallCounter::tracepoint_is_readable() { return tracepoint().has_value(); }

std::uint64_t SyscallCounter::stop() {
  const auto count = counter_.stop();
  if (!count)
    throw std::runtime_error("the kernel has not counted all system calls");  // no hardware to share
  return *count - 1;  // that which stopped this thread's
}

}  // namespace fanbench
