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
/// Maps all that this process has of its program and libraries, which otherwise come in as they are first
/// used, some 64 KB at a time: that is no memory of a call's, and differs from build to build and from run to
/// run. Does nothing before Linux 5.14.
void map_program() noexcept;

/// Times that threads gave their CPU up to wait (voluntary), or had it taken from them.
struct ContextSwitches {
  std::uint64_t voluntary = 0, involuntary = 0;

  bool operator==(const ContextSwitches&) const = default;
  friend ContextSwitches operator+(ContextSwitches a, ContextSwitches b) {
    return {.voluntary = a.voluntary + b.voluntary, .involuntary = a.involuntary + b.involuntary};
  }
  friend ContextSwitches operator-(ContextSwitches a, ContextSwitches b) {
    return {.voluntary = a.voluntary - b.voluntary, .involuntary = a.involuntary - b.involuntary};
  }
};
/// Those of the tree so far: of this process with the children that it has waited for, and of the live
/// threads of each live descendant: what threads did that ended in a process that goes on is not known. To be
/// used as a difference, as cpu_of_tree.
ContextSwitches switches_of_tree(pid_t excluded);

/// CPU time that a process of ours and all its descendants have used so far, what reading it cost included.
Nanoseconds cpu_of_all_below(pid_t root);

/// Waits until the tree, but for the calling thread, is quiet: until what a pool spins after its last task is
/// over, for example. What the waiting costs is in none of these figures. False where the tree has used
/// `most` CPU time meanwhile and is still busy.
bool wait_until_quiet(pid_t excluded, Nanoseconds most = std::chrono::milliseconds(500));

/// Live descendants, those that ended but were not waited for included (a leak test wants to see them). No
/// order.
std::vector<pid_t> descendants(pid_t excluded);
/// 0 where there is no such process.
pid_t parent_of(pid_t process);
/// Threads of the tree, this one included.
std::size_t threads_of_tree(pid_t excluded);
/// The ids of these threads, in no order.
std::vector<pid_t> thread_ids_of_tree(pid_t excluded);
/// Open descriptors of one process.
std::size_t open_descriptors(pid_t pid);

/// What the tree holds at a time.
struct Usage {
  std::uint64_t pss_bytes = 0;  // as pss_of_tree
  std::uint64_t threads = 0;
  std::uint64_t descriptors = 0;  // of all processes together
};
Usage usage_of_tree(pid_t excluded);

/// Watches usage_of_tree from its construction until stop(), on a thread of its own, which is not in it.
class PeakUsage {
 public:
  /// Pauses between samples for as long as a sample takes, and at least this long.
  static constexpr std::chrono::milliseconds least_pause{2};

  /// Takes the first sample before it returns. `cpus`: where the thread that samples is to run; none:
  /// anywhere.
  explicit PeakUsage(pid_t excluded, std::vector<int> cpus = {});
  PeakUsage(const PeakUsage&) = delete;
  PeakUsage& operator=(const PeakUsage&) = delete;
  ~PeakUsage() = default;

  /// Takes a last sample, ends the thread and returns the most of each kind. Throws what sampling threw.
  /// Further calls return the same.
  Usage stop();
  /// Samples taken so far.
  std::uint32_t samples() const noexcept { return samples_.load(); }
  /// The thread that samples.
  pid_t thread_id() const noexcept { return thread_id_; }

 private:
  void sample(std::uint64_t own_threads);
  void watch(const std::stop_token& stop, const std::vector<int>& cpus);

  pid_t excluded_;
  Usage peak_;  // written by one thread at a time
  std::atomic<pid_t> thread_id_ = 0;
  std::atomic<std::uint32_t> samples_ = 0;
  std::exception_ptr failure_;  // of the thread; read after it was joined
  std::mutex mutex_;
  std::condition_variable_any paused_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace fanbench
