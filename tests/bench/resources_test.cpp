// Resources: what children, grandchildren and threads use is counted, and what the server uses is not.
#include "bench/machine/resources.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <latch>
#include <memory>
#include <system_error>

#include "bench/machine/cpus.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;

constexpr std::size_t mib = 1 << 20;
// Of 20 MiB touched at least this is seen: shares of common pages fall when other programs that use them
// start.
constexpr std::size_t most_of_20_mib = 19 * mib;

/// A child process that does `work`, says so, and stays until this is destroyed.
class Child {
 public:
  explicit Child(const std::function<void()>& work) {
    int done[2], stay[2];
    if (pipe2(done, O_CLOEXEC) != 0 || pipe2(stay, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    pid_ = fork();
    if (pid_ == 0) {
      close(done[0]);
      close(stay[1]);
      work();
      char byte = 0;
      if (write(done[1], &byte, 1) == 1) static_cast<void>(!read(stay[0], &byte, 1));
      _exit(0);
    }
    close(done[1]);
    close(stay[0]);
    stay_ = stay[1];
    char byte = 0;
    if (read(done[0], &byte, 1) != 1) throw std::runtime_error("the child failed");
    close(done[0]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { wait(); }

  pid_t pid() const { return pid_; }
  /// Lets it end, and returns when it is a zombie.
  void end() {
    if (stay_ >= 0) close(std::exchange(stay_, -1));
    siginfo_t info{};
    waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }
  void wait() {
    if (pid_ <= 0) return;
    end();
    waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

 private:
  pid_t pid_ = -1;
  int stay_ = -1;
};

Nanoseconds thread_cpu() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

/// Much more CPU than a test uses for anything else.
constexpr Nanoseconds much = 200ms;

void use_much_cpu() {
  const Nanoseconds until = thread_cpu() + much;
  while (thread_cpu() < until) {
  }
}

void map_and_touch(std::size_t bytes, int kind = MAP_PRIVATE) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) _exit(1);
  std::memset(memory, 1, bytes);
}

std::vector<pid_t> threads_of(pid_t process) {
  std::vector<pid_t> threads;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task"))
    threads.push_back(std::stoi(entry.path().filename()));
  return threads;
}

void nothing() {}

/// What this process alone has used, by another clock than cpu_of_tree's sums.
Nanoseconds own_cpu() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

TEST(CpuOfTree, CountsThisProcessWithThreadsThatHaveEnded) {
  const Nanoseconds before = cpu_of_tree(0);
  std::jthread(use_much_cpu).join();
  EXPECT_GE(cpu_of_tree(0) - before, much);
}

TEST(CpuOfTree, CountsALiveChildOnce) {
  const Nanoseconds own = own_cpu(), before = cpu_of_tree(0);
  const Child child(use_much_cpu);
  const Nanoseconds used = cpu_of_tree(0) - before;
  EXPECT_GE(used, much);
  EXPECT_LE(used, own_cpu() - own + cpu_of_process(child.pid()));
}

TEST(CpuOfTree, CountsTheThreadsOfALiveChild) {
  const Nanoseconds before = cpu_of_tree(0);
  const Child child([] { std::jthread(use_much_cpu).join(); });
  EXPECT_GE(cpu_of_tree(0) - before, much);
}

TEST(CpuOfTree, CountsAChildOnceBeforeAndAfterItIsWaitedFor) {
  const Nanoseconds own = own_cpu(), before = cpu_of_tree(0);
  Child child(use_much_cpu);
  child.end();
  const Nanoseconds ended = cpu_of_tree(0) - before, of_child = cpu_of_process(child.pid());
  child.wait();
  const Nanoseconds waited_for = cpu_of_tree(0) - before;
  EXPECT_GE(ended, much);
  EXPECT_LE(ended, own_cpu() - own + of_child);
  EXPECT_GE(waited_for, much);
  EXPECT_LE(waited_for, own_cpu() - own + of_child);
}

TEST(CpuOfTree, CountsGrandchildrenLiveAndWaitedFor) {
  const Nanoseconds before = cpu_of_tree(0);
  const Child with_live([] { new Child(use_much_cpu); });
  EXPECT_GE(cpu_of_tree(0) - before, much);
  const Child with_waited_for([] { Child(use_much_cpu).wait(); });
  EXPECT_GE(cpu_of_tree(0) - before, 2 * much - 20ms);  // in ticks, of user and of system time, rounded down
}

TEST(CpuOfTree, LeavesOutTheExcludedAndItsDescendants) {
  const Child server([] {
    use_much_cpu();
    new Child(use_much_cpu);
  });
  const Nanoseconds without = cpu_of_tree(server.pid());
  EXPECT_GE(cpu_of_tree(0) - without, 2 * much);
}

TEST(CpuOfTree, LeavesOutWhatReadingItCosts) {
  const Nanoseconds before = cpu_of_tree(0);
  for (const Nanoseconds until = thread_cpu() + much; thread_cpu() < until;) cpu_of_tree(0);
  EXPECT_LT(cpu_of_tree(0) - before, much / 4);
}

TEST(CpuOfProcess, CountsItsThreadsButNotItsChildren) {
  const Nanoseconds before = cpu_of_tree(0);
  const Child child([] {
    std::jthread(use_much_cpu).join();
    new Child(use_much_cpu);
    Child(use_much_cpu).wait();
  });
  EXPECT_GE(cpu_of_process(child.pid()), much);
  // The rest: of those waited for in ticks, of user and of system time, rounded down.
  EXPECT_GE(cpu_of_tree(0) - before - cpu_of_process(child.pid()), 2 * much - 20ms);
}

TEST(CpuOfProcess, ThrowsWhenThereIsNone) {
  Child child(nothing);
  const pid_t pid = child.pid();
  child.wait();
  EXPECT_THROW(cpu_of_process(pid), std::system_error);
}

/// Waits so often that the CPU is given up each time.
void wait_often(int times) {
  for (int i = 0; i < times; ++i) std::this_thread::sleep_for(50us);
}
constexpr int often = 200;
/// Of so many waits at least this many are seen as such: where a thread loses its CPU on its way to wait,
/// that was involuntary.
constexpr std::uint64_t most_of_often = often / 2;
/// What a test gives its CPU up for besides.
constexpr std::uint64_t few = 100;

std::uint64_t voluntary_since(ContextSwitches before, pid_t excluded = 0) {
  return switches_of_tree(excluded).voluntary - before.voluntary;
}

TEST(SwitchesOfTree, CountThisProcessWithThreadsThatHaveEnded) {
  const ContextSwitches before = switches_of_tree(0);
  std::jthread([] { wait_often(often); }).join();
  EXPECT_GE(voluntary_since(before), most_of_often);
  EXPECT_LT(voluntary_since(before), often + few);
}

TEST(SwitchesOfTree, CountAChildOnceBeforeAndAfterItIsWaitedFor) {
  const ContextSwitches before = switches_of_tree(0);
  Child child([] { wait_often(often); });
  EXPECT_GE(voluntary_since(before), most_of_often);
  EXPECT_LT(voluntary_since(before), often + few);
  child.wait();
  EXPECT_GE(voluntary_since(before), most_of_often);
  EXPECT_LT(voluntary_since(before), often + few);
}

TEST(SwitchesOfTree, CountTheLiveThreadsOfALiveChild) {
  const ContextSwitches before = switches_of_tree(0);
  const Child child([] {
    auto* done = new std::latch(1);
    new std::jthread([done] {
      wait_often(often);
      done->count_down();
      pause();
    });
    done->wait();
  });
  EXPECT_GE(voluntary_since(before), most_of_often);
}

TEST(SwitchesOfTree, LeaveOutTheExcluded) {
  const Child server([] { wait_often(often); });
  EXPECT_GE(switches_of_tree(0).voluntary - switches_of_tree(server.pid()).voluntary, most_of_often);
}

TEST(SwitchesOfTree, CountACpuThatWasTakenAwayAsInvoluntary) {
  const std::vector<int> one(1, allowed_cpus().back());
  const auto spin_there = [&one] {
    pin_thread(one);
    use_much_cpu();
  };
  const ContextSwitches before = switches_of_tree(0);
  std::jthread other(spin_there);
  std::jthread(spin_there).join();
  other.join();
  EXPECT_GE(switches_of_tree(0).involuntary - before.involuntary, 10);
}

TEST(CpuOfAllBelow, IsThatOfAProcessWithItsDescendantsAndWithItsOwnReading) {
  const Nanoseconds own = own_cpu(), before = cpu_of_all_below(getpid());
  const Child server([] {
    use_much_cpu();
    new Child(use_much_cpu);
  });
  const Nanoseconds used = cpu_of_all_below(getpid()) - before;
  EXPECT_GE(used, 2 * much);
  EXPECT_LE(used, own_cpu() - own + cpu_of_all_below(server.pid()));
  for (const Nanoseconds until = thread_cpu() + much; thread_cpu() < until;) cpu_of_tree(0);
  EXPECT_GE(cpu_of_all_below(getpid()) - before, 3 * much);
}

TEST(WaitUntilQuiet, WaitsForThreadsAndChildrenThatAreStillBusy) {
  const Nanoseconds before = cpu_of_tree(0);
  std::jthread thread(use_much_cpu);
  const pid_t child = fork();
  if (child == 0) {
    use_much_cpu();
    pause();
  }
  EXPECT_TRUE(wait_until_quiet(0));
  EXPECT_GE(cpu_of_tree(0) - before, 2 * much - 1ms);
  EXPECT_TRUE(wait_until_quiet(0));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

TEST(WaitUntilQuiet, LeavesOutTheExcludedAndItsOwnThread) {
  const pid_t server = fork();
  if (server == 0) {
    for (;;) thread_cpu();
  }
  EXPECT_TRUE(wait_until_quiet(server));
  EXPECT_FALSE(wait_until_quiet(0));
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
}

TEST(WaitUntilQuiet, CostsNothingThatIsCounted) {
  const Nanoseconds before = cpu_of_tree(0);
  const ContextSwitches switches = switches_of_tree(0);
  for (const Nanoseconds until = thread_cpu() + much / 4; thread_cpu() < until;) wait_until_quiet(0);
  EXPECT_LT(cpu_of_tree(0) - before, much / 16);
  EXPECT_LT(voluntary_since(switches), often / 10);
}

TEST(PssOfTree, CountsWhatAChildTouches) {
  const std::uint64_t before = pss_of_tree(0);
  const Child child([] { map_and_touch(20 * mib); });
  EXPECT_GE(pss_of_tree(0), before + most_of_20_mib);
  EXPECT_LT(pss_of_tree(0), before + 200 * mib);  // a sanitizer has its share of it
}

TEST(PssOfTree, CountsSharedPagesOnce) {
  void* shared = mmap(nullptr, 20 * mib, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  std::memset(shared, 1, 20 * mib);
  const std::uint64_t before = pss_of_tree(0);
  const Child child([shared] { std::memset(shared, 2, 20 * mib); });
  EXPECT_LT(pss_of_tree(0), before + 10 * mib);
  munmap(shared, 20 * mib);
}

TEST(PssOfTree, LeavesOutTheExcludedAndItsDescendants) {
  const Child server([] { new Child([] { map_and_touch(20 * mib); }); });
  EXPECT_GE(pss_of_tree(0), pss_of_tree(server.pid()) + most_of_20_mib);
}

TEST(PssOfTree, SkipsProcessesThatEndMeanwhile) {
  std::jthread looks([](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pss_of_tree(0);
      cpu_of_tree(0);
    }
  });
  for (int i = 0; i < 200; ++i) {
    const pid_t child = vfork();
    if (child == 0) _exit(0);
    ASSERT_GT(child, 0);
    waitpid(child, nullptr, 0);
  }
}

void wait_for_samples(const PeakUsage& peak, std::uint32_t more) {
  const std::uint32_t until = peak.samples() + more;
  while (peak.samples() < until) std::this_thread::yield();
}

/// Kilobytes of the program's and its libraries' code that are mapped, and of all of it: from
/// /proc/self/smaps.
std::pair<std::uint64_t, std::uint64_t> mapped_and_whole_code() {
  std::ifstream smaps("/proc/self/smaps");
  std::uint64_t mapped = 0, whole = 0;
  bool is_code = false;
  for (std::string line; std::getline(smaps, line);) {
    unsigned long number = 0;
    if (line.find('-') < line.find(':'))
      is_code = line.find(" r-xp ") != line.npos && line.find('/') != line.npos;
    if (is_code && std::sscanf(line.c_str(), "Size: %lu", &number) == 1) whole += number;
    if (is_code && std::sscanf(line.c_str(), "Rss: %lu", &number) == 1) mapped += number;
  }
  return {mapped, whole};
}

TEST(MapProgram, LeavesNothingThatIsMappedLater) {
  map_program();
  const auto [mapped, whole] = mapped_and_whole_code();
  EXPECT_GT(whole, 0);
  EXPECT_EQ(mapped, whole);
}

TEST(PeakUsage, SamplesAtStartAndAtStop) {
  PeakUsage peak(0);
  EXPECT_GE(peak.samples(), 1);
  EXPECT_GT(peak.stop().pss_bytes, 0);
  EXPECT_GE(peak.samples(), 2);
}

TEST(PeakUsage, LastSampleIsTakenWhenItIsStopped) {
  PeakUsage peak(0);
  const Child child([] { map_and_touch(200 * mib); });
  EXPECT_GE(peak.stop().pss_bytes, 200 * mib);
}

TEST(PeakUsage, RemembersWhatHasBeenGivenBack) {
  const std::uint64_t before = pss_of_tree(0);
  PeakUsage peak(0);
  Child child([] { map_and_touch(20 * mib); });
  wait_for_samples(peak, 2);  // the second of them began after the child was ready
  child.wait();
  const std::uint64_t most = peak.stop().pss_bytes;
  EXPECT_GE(most, before + most_of_20_mib);
  EXPECT_LT(pss_of_tree(0), before + most_of_20_mib);
  EXPECT_EQ(peak.stop().pss_bytes, most);
}

TEST(PeakUsage, RemembersThreadsAndDescriptorsButNotItsOwn) {
  const std::size_t threads = threads_of_tree(0), descriptors = open_descriptors(getpid());
  PeakUsage peak(0);
  {
    std::latch may_end(1);
    std::jthread more([&] { may_end.wait(); });
    const int descriptor = dup(STDERR_FILENO);
    wait_for_samples(peak, 2);
    close(descriptor);
    may_end.count_down();
  }
  const Usage most = peak.stop();
  EXPECT_EQ(most.threads, threads + 1);
  EXPECT_EQ(most.descriptors, descriptors + 1);
}

TEST(PeakUsage, CountsThreadsAndDescriptorsOfChildren) {
  const Usage before = usage_of_tree(0);
  const Child child([] { static_cast<void>(!dup(STDERR_FILENO)); });
  const Usage after = PeakUsage(0).stop();
  EXPECT_EQ(after.threads, before.threads + threads_of(child.pid()).size());
  EXPECT_EQ(after.descriptors, before.descriptors + 1 + open_descriptors(child.pid()));  // ours: its pipe
}

/// As a user: root may look at everything. In a process of its own, as nobody becomes root again.
TEST(UsageOfTree, LeavesOutAUsersChildThatHasEnded) {
  const pid_t user = fork();
  if (user == 0) {
    constexpr uid_t nobody = 65534;
    if (getuid() == 0 && setuid(nobody) != 0) _exit(2);
    prctl(PR_SET_DUMPABLE, 1);  // which a change of user takes away, and with it the sight of oneself
    const pid_t child = fork();
    if (child == 0) _exit(0);
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);  // it stays, as nobody takes it away
    try {
      usage_of_tree(0);
    } catch (const std::system_error&) {
      _exit(1);
    }
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(user, &status, 0), user);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(PeakUsage, NamesTheThreadThatSamples) {
  PeakUsage peak(0);
  EXPECT_THAT(thread_ids_of_tree(0), Contains(peak.thread_id()));
  EXPECT_NE(peak.thread_id(), getpid());
}

TEST(ThreadIdsOfTree, AreThoseOfThisProcessAndOfChildrenButNotOfTheExcluded) {
  const Child child(nothing);
  EXPECT_THAT(thread_ids_of_tree(0), IsSupersetOf({getpid(), child.pid()}));
  EXPECT_THAT(thread_ids_of_tree(child.pid()), Not(Contains(child.pid())));
}

TEST(PeakUsage, LeavesOutTheExcluded) {
  const Child server([] { map_and_touch(200 * mib); });
  PeakUsage peak(server.pid());
  wait_for_samples(peak, 1);
  EXPECT_LT(peak.stop().pss_bytes, pss_of_tree(0));
}

TEST(PeakUsage, RunsWhereItIsTold) {
  const auto before = threads_of(getpid());
  const int cpu = allowed_cpus().back();
  PeakUsage peak(0, {cpu});
  wait_for_samples(peak, 1);  // of the thread, which was pinned before
  for (const pid_t thread : threads_of(getpid())) {
    if (std::ranges::find(before, thread) != before.end()) continue;
    cpu_set_t set;
    ASSERT_EQ(sched_getaffinity(thread, sizeof(set), &set), 0);
    EXPECT_EQ(CPU_COUNT(&set), 1);
    EXPECT_TRUE(CPU_ISSET(cpu, &set));
  }
  peak.stop();
}

TEST(PeakUsage, ThrowsAtTheStopWhatItsThreadThrew) {
  PeakUsage peak(0, {1'000'000});
  EXPECT_THROW(peak.stop(), std::system_error);
}

/// The kernel lists a joined thread for a moment longer.
void wait_for_threads(std::size_t count) {
  while (threads_of_tree(0) != count) std::this_thread::yield();
}

TEST(PeakUsage, LeavesNoThread) {
  const std::size_t before = threads_of_tree(0);
  {
    PeakUsage stopped(0);
    stopped.stop();
    wait_for_threads(before);
    const PeakUsage abandoned(0);
    wait_for_threads(before + 1);
  }
  wait_for_threads(before);
}

TEST(Descendants, AreChildrenAndGrandchildrenButNotTheExcluded) {
  int pids[2];
  ASSERT_EQ(pipe(pids), 0);
  const Child parent([&] {
    const pid_t grandchild = (new Child(nothing))->pid();
    static_cast<void>(!write(pids[1], &grandchild, sizeof(grandchild)));
  });
  pid_t grandchild = 0;
  ASSERT_EQ(read(pids[0], &grandchild, sizeof(grandchild)), static_cast<ssize_t>(sizeof(grandchild)));
  close(pids[0]);
  close(pids[1]);
  EXPECT_THAT(descendants(0), IsSupersetOf({parent.pid(), grandchild}));
  EXPECT_THAT(descendants(0), Not(Contains(getpid())));
  EXPECT_THAT(descendants(parent.pid()), Not(Contains(parent.pid())));
  EXPECT_THAT(descendants(parent.pid()), Not(Contains(grandchild)));
}

TEST(Descendants, AreFoundWhateverTheirName) {
  const Child child([] { prctl(PR_SET_NAME, "a) R 1 (b) 2 3"); });
  EXPECT_THAT(descendants(0), Contains(child.pid()));
}

TEST(Descendants, IncludeThoseThatNobodyWaitedFor) {
  Child child(nothing);
  child.end();
  EXPECT_THAT(descendants(0), Contains(child.pid()));
  const pid_t pid = child.pid();
  child.wait();
  EXPECT_THAT(descendants(0), Not(Contains(pid)));
}

TEST(ThreadsOfTree, CountsOwnAndThoseOfChildren) {
  const std::size_t before = threads_of_tree(0);
  const Child child([] {
    auto* running = new std::latch(3);
    for (int i = 0; i < 3; ++i)
      new std::jthread([running] {
        running->count_down();
        pause();
      });
    running->wait();
  });
  const std::size_t of_child = threads_of(child.pid()).size();
  EXPECT_GE(of_child, 4);  // TSan adds one of its own
  EXPECT_EQ(threads_of_tree(0), before + of_child);
  EXPECT_EQ(threads_of_tree(child.pid()), before);
  std::latch may_end(1);
  std::jthread thread([&] { may_end.wait(); });
  EXPECT_EQ(threads_of_tree(child.pid()), threads_of(getpid()).size());
  EXPECT_GT(threads_of_tree(child.pid()), before);
  may_end.count_down();
}

TEST(OpenDescriptors, AreCountedInThisProcessAndInOthers) {
  std::size_t before = 0;
  for (int descriptor = 0; descriptor < 1024; ++descriptor)
    if (fcntl(descriptor, F_GETFD) != -1) ++before;
  EXPECT_EQ(open_descriptors(getpid()), before);
  int more[2];
  ASSERT_EQ(pipe(more), 0);
  EXPECT_EQ(open_descriptors(getpid()), before + 2);
  const Child child([&] { close(more[0]); });
  const Child with_one_more([&] { static_cast<void>(!dup(more[1])); });
  const Child plain(nothing);
  EXPECT_EQ(open_descriptors(child.pid()) + 1,
            open_descriptors(plain.pid()) - 2);  // each has its elder's pipe too
  EXPECT_EQ(open_descriptors(with_one_more.pid()), open_descriptors(plain.pid()));
  close(more[0]);
  close(more[1]);
}

TEST(OpenDescriptors, ThrowWhenThereIsNoSuchProcess) {
  Child child(nothing);
  const pid_t pid = child.pid();
  child.wait();
  EXPECT_THROW(open_descriptors(pid), std::system_error);
}

}  // namespace
}  // namespace fanbench
