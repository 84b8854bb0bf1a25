// Perf events of a process tree.
#include "bench/counting/tree_counter.hpp"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "bench/machine/resources.hpp"

namespace fanbench {
namespace {

/// A counter of one thread and of all that it will make, which stands still; negative with errno where it
/// cannot be.
int open_counter(const TreeCounter::Event& event, pid_t thread) {
  perf_event_attr attributes{};
  attributes.size = sizeof attributes;
  attributes.type = event.type;
  attributes.config = event.config;
  attributes.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  attributes.exclude_kernel = event.exclude_kernel;
  attributes.exclude_hv = event.exclude_kernel;
  attributes.inherit = 1;
  attributes.disabled = 1;
  return static_cast<int>(::syscall(SYS_perf_event_open, &attributes, thread, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

}  // namespace

std::optional<std::uint64_t> counted(CounterReading before, CounterReading after) {
  if (after.running - before.running < after.enabled - before.enabled) return std::nullopt;
  return after.count - before.count;
}

std::optional<TreeCounter> TreeCounter::open(const Event& event, pid_t excluded, pid_t not_counted) {
  std::vector<pid_t> threads = thread_ids_of_tree(excluded);
  std::erase(threads, not_counted);
  const auto own = std::ranges::find(threads, ::gettid());
  if (own == threads.end()) return std::nullopt;
  std::iter_swap(threads.begin(), own);
  TreeCounter counter({});
  for (const pid_t thread : threads) {
    const int descriptor = open_counter(event, thread);
    if (descriptor >= 0) {
      counter.counters_.push_back(descriptor);
    } else if (errno != ESRCH) {  // that thread has ended
      return std::nullopt;
    }
  }
  return counter;
}

TreeCounter::~TreeCounter() {
  for (const int counter : counters_) ::close(counter);
}

void TreeCounter::start() {
  before_ = sum();  // of earlier runs: the kernel's reset forgets threads that live, but not those that ended
  // This thread last: the others are started by system calls of its own.
  for (auto counter = counters_.rbegin(); counter != counters_.rend(); ++counter)
    ::ioctl(*counter, PERF_EVENT_IOC_ENABLE, 0);
}

std::optional<std::uint64_t> TreeCounter::stop() {
  for (const int counter : counters_) ::ioctl(counter, PERF_EVENT_IOC_DISABLE, 0);
  return counted(before_, sum());
}

CounterReading TreeCounter::sum() const {
  CounterReading all;
  for (const int counter : counters_) {
    CounterReading one;
    if (::read(counter, &one, sizeof one) != sizeof one)
      throw std::runtime_error("a counter of the kernel's cannot be read");
    all = all + one;
  }
  return all;
}

}  // namespace fanbench
