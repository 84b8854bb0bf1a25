// Counts system calls with perf events on the tracepoint raw_syscalls:sys_enter.
#include "bench/machine/syscalls.hpp"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <stdexcept>

#include "bench/machine/resources.hpp"

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

/// A counter of one thread and of all that it will make, which stands still; negative with errno where it
/// cannot be.
int open_counter(std::uint64_t tracepoint_id, pid_t thread) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = PERF_TYPE_TRACEPOINT;
  attributes.config = tracepoint_id;
  attributes.inherit = 1;
  attributes.disabled = 1;
  return static_cast<int>(::syscall(SYS_perf_event_open, &attributes, thread, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

}  // namespace

std::optional<SyscallCounter> SyscallCounter::open(pid_t excluded, pid_t not_counted) {
  const auto id = tracepoint();
  if (!id) return std::nullopt;
  std::vector<pid_t> threads = thread_ids_of_tree(excluded);
  std::erase(threads, not_counted);
  const auto own = std::ranges::find(threads, ::gettid());
  if (own == threads.end()) return std::nullopt;
  std::iter_swap(threads.begin(), own);
  SyscallCounter counter({});
  for (const pid_t thread : threads) {
    const int descriptor = open_counter(*id, thread);
    if (descriptor >= 0) {
      counter.counters_.push_back(descriptor);
    } else if (errno != ESRCH) {  // that thread has ended
      return std::nullopt;
    }
  }
  return counter;
}

bool SyscallCounter::tracepoint_is_readable() { return tracepoint().has_value(); }

SyscallCounter::~SyscallCounter() {
  for (const int counter : counters_) ::close(counter);
}

void SyscallCounter::start() {
  before_ = sum();  // of earlier runs: the kernel's reset forgets threads that live, but not those that ended
  // This thread last: the others are started by system calls of its own.
  for (auto counter = counters_.rbegin(); counter != counters_.rend(); ++counter)
    ::ioctl(*counter, PERF_EVENT_IOC_ENABLE, 0);
}

std::uint64_t SyscallCounter::stop() {
  for (const int counter : counters_) ::ioctl(counter, PERF_EVENT_IOC_DISABLE, 0);
  return sum() - before_ - 1;  // that which stopped this thread's
}

std::uint64_t SyscallCounter::sum() const {
  std::uint64_t all = 0;
  for (const int counter : counters_) {
    std::uint64_t count = 0;
    if (::read(counter, &count, sizeof count) != sizeof count)
      throw std::runtime_error("the kernel's counter of system calls cannot be read");
    all += count;
  }
  return all;
}

}  // namespace fanbench
