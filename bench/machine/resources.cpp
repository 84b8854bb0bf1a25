// Reads what processes cost from /proc and the CPU clocks.
#include "bench/machine/resources.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "bench/machine/cpus.hpp"

namespace fanbench {
namespace {

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

bool is_gone(int error) noexcept { return error == ENOENT || error == ESRCH; }

class Folder {
 public:
  explicit Folder(const std::string& path) : dir_(opendir(path.c_str())) {
    if (!dir_) fail(errno, path);
  }
  int descriptor() const noexcept { return dirfd(dir_.get()); }
  /// The next entry's name, null at the end.
  const char* next() {
    const dirent* entry = readdir(dir_.get());
    return entry ? entry->d_name : nullptr;
  }
  /// The next entry that is a number (processes, threads, descriptors), -1 at the end.
  int next_number() {
    while (const char* name = next()) {
      const std::string_view text(name);
      int number = 0;
      if (std::from_chars(text.begin(), text.end(), number).ptr == text.end()) return number;
    }
    return -1;
  }

 private:
  struct Close {
    void operator()(DIR* dir) const noexcept { closedir(dir); }
  };
  std::unique_ptr<DIR, Close> dir_;
};

/// Reads a small file of /proc into `buffer`. Empty: the process has gone.
std::string_view read_small(int folder, const char* path, std::span<char> buffer) {
  const int file = openat(folder, path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    if (is_gone(errno)) return {};
    fail(errno, fmt::format("/proc/{}", path));
  }
  const ssize_t size = read(file, buffer.data(), buffer.size());
  const int error = errno;
  close(file);
  if (size < 0 && !is_gone(error)) fail(error, fmt::format("/proc/{}", path));
  return {buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

struct Process {
  pid_t pid = 0, parent = 0;
  std::uint64_t waited_for_ticks = 0;  // user and system time of the children that it has waited for
  std::uint32_t threads = 0;
};

/// Source: proc(5), /proc/pid/stat: the field behind the name. 0: the process has gone.
char state_of(std::string_view stat) {
  const auto name_end = stat.rfind(')');
  return name_end + 2 < stat.size() ? stat[name_end + 2] : '\0';
}

/// Source: proc(5), /proc/pid/stat. The name, in parentheses, may itself hold spaces and parentheses.
std::optional<Process> parse_stat(pid_t pid, std::string_view stat) {
  const auto name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  constexpr int state = 3, parent = 4, children_user = 16, children_system = 17, threads = 20;
  std::array<std::int64_t, threads + 1> fields{};
  const char* at = stat.data() + name_end + 2;  // at the state
  const char* const end = stat.data() + stat.size();
  for (int field = state; field <= threads; ++field) {
    if (at >= end) return std::nullopt;
    if (field == state) {
      ++at;
    } else {
      at = std::from_chars(at, end, fields[field]).ptr;
    }
    ++at;
  }
  return Process{
      .pid = pid,
      .parent = static_cast<pid_t>(fields[parent]),
      .waited_for_ticks = static_cast<std::uint64_t>(fields[children_user] + fields[children_system]),
      .threads = static_cast<std::uint32_t>(fields[threads])};
}

std::vector<Process> all_processes(Folder& proc) {
  std::vector<Process> all;
  std::array<char, 2048> buffer;
  std::array<char, 32> path;
  for (int pid = proc.next_number(); pid >= 0; pid = proc.next_number()) {
    *fmt::format_to(path.begin(), "{}/stat", pid) = '\0';
    if (const auto process = parse_stat(pid, read_small(proc.descriptor(), path.data(), buffer)))
      all.push_back(*process);
  }
  return all;
}

/// The root first, then its live descendants.
std::vector<Process> tree(Folder& proc, pid_t root, pid_t excluded) {
  // One pass over all of /proc: the kernel's own lists of children (task/*/children) are an option that it
  // may lack.
  std::vector<Process> all = all_processes(proc);
  std::ranges::sort(all, {}, &Process::parent);
  std::vector<Process> found;
  if (const auto self = std::ranges::find(all, root, &Process::pid); self != all.end())
    found.push_back(*self);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const pid_t parent = found[i].pid;
    auto child = std::ranges::lower_bound(all, parent, {}, &Process::parent);
    for (; child != all.end() && child->parent == parent; ++child)
      if (child->pid != excluded) found.push_back(*child);
  }
  return found;
}

Nanoseconds read_clock(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return Nanoseconds{-1};
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

/// Nothing: the process has gone.
std::optional<Nanoseconds> cpu_of(pid_t pid) {
  clockid_t clock{};
  if (const int error = clock_getcpuclockid(pid, &clock); error != 0) {
    if (is_gone(error)) return std::nullopt;
    fail(error, fmt::format("CPU clock of process {}", pid));
  }
  const Nanoseconds used = read_clock(clock);
  return used < Nanoseconds{} ? std::nullopt : std::optional(used);
}

/// User and system time of this process's children that it has waited for, and of theirs.
Nanoseconds cpu_of_waited_for() {
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  return std::chrono::seconds(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         std::chrono::microseconds(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/// Of a live process and the children that it has waited for; nothing of one that has gone.
Nanoseconds cpu_of(const Process& process) {
  static const Nanoseconds tick = Nanoseconds(std::chrono::seconds(1)) / sysconf(_SC_CLK_TCK);
  const auto own = cpu_of(process.pid);
  if (!own) return {};
  return *own + Nanoseconds(process.waited_for_ticks * tick.count());
}

Nanoseconds cpu_of_live_descendants(pid_t excluded) {
  Folder proc("/proc");
  Nanoseconds used{};
  for (const Process& process : tree(proc, getpid(), excluded)) {
    if (process.pid != getpid()) used += cpu_of(process);
  }
  return used;
}

ContextSwitches switches_of(int whom) {
  rusage usage{};
  getrusage(static_cast<__rusage_who>(whom), &usage);
  return {static_cast<std::uint64_t>(usage.ru_nvcsw), static_cast<std::uint64_t>(usage.ru_nivcsw)};
}

std::uint64_t number_after(std::string_view text, std::string_view key) {
  auto at = text.find(key);
  if (at == std::string_view::npos) return 0;
  at = std::min(text.find_first_not_of(" \t", at + key.size()), text.size());
  std::uint64_t value = 0;
  std::from_chars(text.data() + at, text.data() + text.size(), value);
  return value;
}

/// Ids of a process's threads; none where it has gone.
std::vector<pid_t> threads_of(pid_t process) {
  std::vector<pid_t> threads;
  try {
    Folder tasks(fmt::format("/proc/{}/task", process));
    for (int id = tasks.next_number(); id >= 0; id = tasks.next_number()) threads.push_back(id);
  } catch (const std::system_error& error) {
    if (!is_gone(error.code().value())) throw;
  }
  return threads;
}

ContextSwitches switches_of_live_descendants(pid_t excluded) {
  Folder proc("/proc");
  std::array<char, 8192> buffer;  // a line of it names the allowed CPUs
  ContextSwitches all;
  for (const Process& process : tree(proc, getpid(), excluded)) {
    if (process.pid == getpid()) continue;
    for (const pid_t thread : threads_of(process.pid)) {
      const std::string path = fmt::format("{}/task/{}/status", process.pid, thread);
      const std::string_view status = read_small(proc.descriptor(), path.c_str(), buffer);
      all = all + ContextSwitches{.voluntary = number_after(status, "\nvoluntary_ctxt_switches:"),
                                  .involuntary = number_after(status, "\nnonvoluntary_ctxt_switches:")};
    }
  }
  return all;
}

/// The sum of what waited-for and live children used. One that is waited for meanwhile moves from the live to
/// the waited for, and would be missed: look again.
template <class WaitedFor, class Live>
auto with_children(WaitedFor waited_for, Live live) {
  constexpr int most_looks = 10;
  auto before = waited_for();
  auto children = before + live();
  for (int look = 1; look < most_looks; ++look) {
    const auto after = waited_for();
    if (after == before) break;
    before = after;
    children = before + live();
  }
  return children;
}

/// Looking at 1,000 processes takes 10 ms of CPU, as much as 1,000 calls do: what this thread uses while one
/// of these exists is summed up, to be taken off again.
class Looking {
 public:
  Looking() = default;
  Looking(const Looking&) = delete;
  Looking& operator=(const Looking&) = delete;
  ~Looking() {
    all_cpu_ += own_cpu().count();
    all_voluntary_ += own_switches().voluntary;
    all_involuntary_ += own_switches().involuntary;
  }

  /// Of all looks so far, this one included.
  Nanoseconds cpu() const { return Nanoseconds(all_cpu_) + own_cpu(); }
  ContextSwitches switches() const {
    return ContextSwitches{all_voluntary_, all_involuntary_} + own_switches();
  }

 private:
  Nanoseconds own_cpu() const { return read_clock(CLOCK_THREAD_CPUTIME_ID) - began_; }
  ContextSwitches own_switches() const { return switches_of(RUSAGE_THREAD) - switches_; }

  static inline std::atomic<std::int64_t> all_cpu_ = 0;
  static inline std::atomic<std::uint64_t> all_voluntary_ = 0, all_involuntary_ = 0;
  Nanoseconds began_ = read_clock(CLOCK_THREAD_CPUTIME_ID);
  ContextSwitches switches_ = switches_of(RUSAGE_THREAD);
};

/// Of the tree, its readings included.
Nanoseconds cpu_so_far(pid_t excluded) {
  const auto live = [excluded] { return cpu_of_live_descendants(excluded); };
  const Nanoseconds children = with_children(cpu_of_waited_for, live);
  return children + read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/// Of all threads of these processes but the calling one.
Nanoseconds cpu_of_others(std::span<const Process> processes) {
  Nanoseconds used{};
  for (const Process& process : processes) used += cpu_of(process.pid).value_or(Nanoseconds{});
  return used - read_clock(CLOCK_THREAD_CPUTIME_ID);
}

/// Whether a thread of these processes but the calling one runs, or would if it had a CPU.
bool others_want_to_run(const Folder& proc, std::span<const Process> processes) {
  std::array<char, 512> buffer;
  for (const Process& process : processes) {
    for (const pid_t thread : threads_of(process.pid)) {
      if (thread == gettid()) continue;
      const std::string path = fmt::format("{}/task/{}/stat", process.pid, thread);
      if (state_of(read_small(proc.descriptor(), path.c_str(), buffer)) == 'R') return true;
    }
  }
  return false;
}

std::uint64_t pss_of(const Folder& proc, pid_t process) {
  std::array<char, 4096> buffer;
  std::array<char, 32> path;
  *fmt::format_to(path.begin(), "{}/smaps_rollup", process) = '\0';
  const std::string_view rollup = read_small(proc.descriptor(), path.data(), buffer);
  constexpr std::string_view key = "\nPss:";
  if (rollup.find(key) == std::string_view::npos && process == getpid())
    fail(ENOTSUP, "/proc/self/smaps_rollup has no line Pss: (a kernel of 4.14 or later has)");
  return number_after(rollup, key) * 1024;
}

/// A process that ends gives up its memory first: from then on its descriptors are root's to look at.
bool ends(const Folder& proc, pid_t process) {
  std::array<char, 128> buffer;
  const std::string path = fmt::format("{}/statm", process);
  const std::string_view pages = read_small(proc.descriptor(), path.c_str(), buffer);
  return pages.empty() || pages.starts_with("0 ");
}

/// 0 where the process has gone or is about to.
std::uint64_t descriptors_of(const Folder& proc, pid_t process) {
  // The folder's size is their number, from Linux 6.2 on: counting 10,000 of them takes milliseconds.
  struct stat info {};
  if (fstatat(proc.descriptor(), fmt::format("{}/fd", process).c_str(), &info, 0) == 0 && info.st_size > 0)
    return static_cast<std::uint64_t>(info.st_size);
  try {
    return open_descriptors(process);
  } catch (const std::system_error& error) {
    const int code = error.code().value();
    if (is_gone(code) || (code == EACCES && ends(proc, process))) return 0;
    throw;
  }
}

}  // namespace

Nanoseconds cpu_of_tree(pid_t excluded) {
  const Looking looking;
  const Nanoseconds so_far = cpu_so_far(excluded);  // first: what this costs is taken off
  return so_far - looking.cpu();
}

Nanoseconds cpu_of_all_below(pid_t root) {
  Folder proc("/proc");
  Nanoseconds used{};
  for (const Process& process : tree(proc, root, 0)) used += cpu_of(process);
  return used;
}

bool wait_until_quiet(pid_t excluded, Nanoseconds most) {
  constexpr timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
  constexpr auto idle = std::chrono::microseconds(100);  // CPU time in a pause
  const Looking waiting;
  Folder proc("/proc");
  const std::vector<Process> processes = tree(proc, getpid(), excluded);
  const Nanoseconds began = cpu_of_others(processes);
  for (Nanoseconds before = began; before - began < most;) {
    clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
    const Nanoseconds now = cpu_of_others(processes);
    // Who wants to run and finds no free CPU has used none either.
    if (now - before < idle && !others_want_to_run(proc, processes)) return true;
    before = now;
  }
  return false;
}

ContextSwitches switches_of_tree(pid_t excluded) {
  const Looking looking;
  const auto live = [excluded] { return switches_of_live_descendants(excluded); };
  const auto waited_for = [] { return switches_of(RUSAGE_CHILDREN); };
  return with_children(waited_for, live) + switches_of(RUSAGE_SELF) - looking.switches();
}

Nanoseconds cpu_of_process(pid_t pid) {
  const auto used = cpu_of(pid);
  if (!used) fail(ESRCH, fmt::format("CPU time of process {}", pid));
  return *used;
}

void map_program() noexcept {
  dl_iterate_phdr(
      [](dl_phdr_info* object, std::size_t, void*) {
        const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
        for (int i = 0; i < object->dlpi_phnum; ++i) {
          const ElfW(Phdr)& segment = object->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD) continue;
          const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr, first_page = begin / page * page;
          ::madvise(reinterpret_cast<void*>(first_page), begin + segment.p_filesz - first_page,
                    MADV_POPULATE_READ);
        }
        return 0;
      },
      nullptr);
}

std::uint64_t pss_of_tree(pid_t excluded) {
  Folder proc("/proc");
  std::uint64_t bytes = 0;
  for (const Process& process : tree(proc, getpid(), excluded)) bytes += pss_of(proc, process.pid);
  return bytes;
}

Usage usage_of_tree(pid_t excluded) {
  Folder proc("/proc");
  Usage usage;
  for (const Process& process : tree(proc, getpid(), excluded)) {
    usage.pss_bytes += pss_of(proc, process.pid);
    usage.threads += process.threads;
    usage.descriptors += descriptors_of(proc, process.pid);
  }
  if (usage.descriptors > 0) --usage.descriptors;  // that of `proc`
  return usage;
}

std::vector<pid_t> descendants(pid_t excluded) {
  Folder proc("/proc");
  std::vector<pid_t> pids;
  for (const Process& process : tree(proc, getpid(), excluded))
    if (process.pid != getpid()) pids.push_back(process.pid);
  return pids;
}

pid_t parent_of(pid_t process) {
  Folder proc("/proc");
  std::array<char, 2048> buffer;
  const auto found =
      parse_stat(process, read_small(proc.descriptor(), fmt::format("{}/stat", process).c_str(), buffer));
  return found ? found->parent : 0;
}

std::size_t threads_of_tree(pid_t excluded) {
  Folder proc("/proc");
  std::size_t threads = 0;
  for (const Process& process : tree(proc, getpid(), excluded)) threads += process.threads;
  return threads;
}

std::vector<pid_t> thread_ids_of_tree(pid_t excluded) {
  Folder proc("/proc");
  std::vector<pid_t> ids;
  for (const Process& process : tree(proc, getpid(), excluded)) {
    const std::vector<pid_t> threads = threads_of(process.pid);
    ids.insert(ids.end(), threads.begin(), threads.end());
  }
  return ids;
}

std::size_t open_descriptors(pid_t pid) {
  Folder folder(fmt::format("/proc/{}/fd", pid));
  std::size_t count = 0;
  for (int number = folder.next_number(); number >= 0; number = folder.next_number())
    if (pid != getpid() || number != folder.descriptor()) ++count;
  return count;
}

PeakUsage::PeakUsage(pid_t excluded, std::vector<int> cpus) : excluded_(excluded) {
  sample(0);
  thread_ = std::jthread([this, cpus = std::move(cpus)](const std::stop_token& stop) { watch(stop, cpus); });
  thread_id_.wait(0);
}

void PeakUsage::sample(std::uint64_t own_threads) {
  const Usage now = usage_of_tree(excluded_);
  peak_.pss_bytes = std::max(peak_.pss_bytes, now.pss_bytes);
  peak_.threads = std::max(peak_.threads, now.threads - own_threads);
  peak_.descriptors = std::max(peak_.descriptors, now.descriptors);
  ++samples_;
}

void PeakUsage::watch(const std::stop_token& stop, const std::vector<int>& cpus) {
  using Clock = std::chrono::steady_clock;
  thread_id_ = gettid();
  thread_id_.notify_one();
  try {
    if (!cpus.empty()) pin_thread(cpus);
    while (!stop.stop_requested()) {
      const auto began = Clock::now();
      sample(1);
      const auto pause = std::max<Clock::duration>(least_pause, Clock::now() - began);
      std::unique_lock lock(mutex_);
      paused_.wait_for(lock, stop, pause, [] { return false; });
    }
    sample(1);
  } catch (...) {
    failure_ = std::current_exception();
  }
}

Usage PeakUsage::stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  if (failure_) std::rethrow_exception(failure_);
  return peak_;
}

}  // namespace fanbench
