// What a run costs: CPU, memory, threads and descriptors of this process and all its descendants, the
// server's apart.
//
// "The tree" is the calling process and its live descendants, without the process `excluded` and its
// descendants (0: nothing is excluded). A process whose parent has died belongs to no tree of ours any more.
// Read from /proc: Linux only. What can't be read is thrown as std::system_error that names the file; a
// process that ends while it is being looked at is not an error and counts as ended.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

namespace fanbench {

using Nanoseconds = std::chrono::nanoseconds;

/// User and system time that the tree has used so far: of this process with the children that it has waited
/// for, and of each live descendant with those that it has waited for (these last in ticks of 10 ms, all else
/// finer). To be used as a difference; what these readings cost themselves is left out of it. `excluded` must
/// not be waited for between the two: its time would come in.
Nanoseconds cpu_of_tree(pid_t excluded);
/// User and system time of one live process's threads, past and present, without its children.
Nanoseconds cpu_of_process(pid_t pid);

/// Proportional set size of the tree in bytes: a page that n processes share counts for 1/n in each.
std::uint64_t pss_of_tree(pid_t excluded);

/// Live descendants, those that ended but were not waited for included (a leak test wants to see them). No
/// order.
std::vector<pid_t> descendants(pid_t excluded);
/// Threads of the tree, this one included.
std::size_t threads_of_tree(pid_t excluded);
/// Open descriptors of one process.
std::size_t open_descriptors(pid_t pid);

/// Watches pss_of_tree from its construction until stop(), on a thread of its own.
class PeakPss {
 public:
  /// Pauses between samples for as long as a sample takes, and at least this long.
  static constexpr std::chrono::milliseconds least_pause{2};

  /// Takes the first sample before it returns. `cpu`: where the thread that samples is to run.
  explicit PeakPss(pid_t excluded, std::optional<int> cpu = std::nullopt);
  PeakPss(const PeakPss&) = delete;
  PeakPss& operator=(const PeakPss&) = delete;
  ~PeakPss() = default;

  /// Takes a last sample, ends the thread and returns the largest sample in bytes. Throws what sampling
  /// threw. Further calls return the same.
  std::uint64_t stop();
  /// Samples taken so far.
  std::uint32_t samples() const noexcept { return samples_.load(); }

 private:
  void sample();
  void watch(const std::stop_token& stop, std::optional<int> cpu);

  pid_t excluded_;
  std::atomic<std::uint64_t> peak_ = 0;
  std::atomic<std::uint32_t> samples_ = 0;
  std::exception_ptr failure_;  // of the thread; read after it was joined
  std::mutex mutex_;
  std::condition_variable_any paused_;
  std::jthread thread_;  // last: it uses all of the above
};

/// CPUs that the calling thread may run on, ascending.
std::vector<int> allowed_cpus();
/// What a measured run makes of them: the client has all but the last, which is the server's; one alone
/// serves both.
std::vector<int> client_cpus();
/// Lets the calling thread run on these CPUs only; threads and processes that it makes later inherit it.
void pin_thread(std::span<const int> cpus);
/// The same for all present threads of a process.
void pin_process(pid_t pid, std::span<const int> cpus);

}  // namespace fanbench
