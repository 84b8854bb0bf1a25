// System calls are counted in every thread and process of the tree, and in no other.
#include "bench/counting/syscalls.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <latch>
#include <thread>

#include "bench/machine/resources.hpp"

namespace fanbench {
namespace {

constexpr std::uint64_t many = 1'000;
/// What starting and ending a thread or a process takes besides.
constexpr std::uint64_t few = 100;

void call_the_kernel() {
  for (std::uint64_t i = 0; i < many; ++i) ::syscall(SYS_getppid);
}

class Syscalls : public testing::Test {
 protected:
  void SetUp() override {
    if (!SyscallCounter::open(0)) GTEST_SKIP() << "the kernel does not let us count system calls here";
  }
  template <class Work>
  static std::uint64_t of(Work work) {
    auto counter = SyscallCounter::open(0);
    counter->start();
    work();
    return counter->stop();
  }
};

TEST_F(Syscalls, AreCountedToTheLast) {
  EXPECT_EQ(of([] {}), 0);
  EXPECT_EQ(of(call_the_kernel), many);
}

TEST_F(Syscalls, OfEachRunAreCountedByThemselves) {
  auto counter = SyscallCounter::open(0);
  for (int run = 0; run < 3; ++run) {
    counter->start();
    call_the_kernel();
    EXPECT_EQ(counter->stop(), many);
  }
  for (int run = 0; run < 3; ++run) {
    counter->start();
    std::jthread(call_the_kernel).join();
    EXPECT_LT(counter->stop(), many + few);
  }
}

TEST_F(Syscalls, OfThreadsThatStartLaterAreCounted) {
  const std::uint64_t count = of([] { std::jthread(call_the_kernel).join(); });
  EXPECT_GE(count, many);
  EXPECT_LT(count, many + few);
}

TEST_F(Syscalls, OfThreadsThatRanBeforeAreCounted) {
  std::latch begin(1), done(1);
  std::jthread thread([&] {
    begin.wait();
    call_the_kernel();
    done.count_down();
  });
  const std::uint64_t count = of([&] {
    begin.count_down();
    done.wait();
  });
  EXPECT_GE(count, many);
  EXPECT_LT(count, many + few);
}

TEST_F(Syscalls, OfProcessesThatStartLaterAreCounted) {
  const std::uint64_t count = of([] {
    const pid_t child = ::fork();
    if (child == 0) {
      call_the_kernel();
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
  });
  EXPECT_GE(count, many);
  EXPECT_LT(count, many + few);
}

/// A child that calls the kernel when it is told to, and says when it is done.
struct Child {
  Child() {
    static_cast<void>(!::pipe(begin));
    static_cast<void>(!::pipe(done));
    pid = ::fork();
    if (pid == 0) {
      char byte = 0;
      static_cast<void>(!::read(begin[0], &byte, 1));
      call_the_kernel();
      static_cast<void>(!::write(done[1], &byte, 1));
      ::_exit(0);
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    ::waitpid(pid, nullptr, 0);
    for (const int end : {begin[0], begin[1], done[0], done[1]}) ::close(end);
  }
  void work() const {
    char byte = 0;
    static_cast<void>(!::write(begin[1], &byte, 1));
    static_cast<void>(!::read(done[0], &byte, 1));
  }
  int begin[2]{}, done[2]{};
  pid_t pid = 0;
};

TEST_F(Syscalls, OfProcessesThatRanBeforeAreCounted) {
  const Child child;
  const std::uint64_t count = of([&] { child.work(); });
  EXPECT_GE(count, many);
  EXPECT_LT(count, many + few);
}

TEST_F(Syscalls, OfTheExcludedAreNotCounted) {
  const Child server;
  auto counter = SyscallCounter::open(server.pid);
  counter->start();
  server.work();
  EXPECT_LT(counter->stop(), few);
}

TEST_F(Syscalls, OfAThreadLeftOutAreNotCounted) {
  std::latch begin(1), done(1);
  std::atomic<pid_t> id = 0;
  std::jthread thread([&] {
    id = ::gettid();
    id.notify_one();
    begin.wait();
    call_the_kernel();
    done.count_down();
  });
  id.wait(0);
  auto counter = SyscallCounter::open(0, id);
  counter->start();
  begin.count_down();
  done.wait();
  EXPECT_LT(counter->stop(), few);
}

TEST_F(Syscalls, OfAnotherRunAreNotCounted) {
  auto counter = SyscallCounter::open(0);
  counter->start();
  counter->stop();
  call_the_kernel();
  const std::size_t held = open_descriptors(::getpid());
  EXPECT_EQ(counter->descriptors(), thread_ids_of_tree(0).size());
  counter.reset();
  EXPECT_EQ(of([] {}), 0);
  EXPECT_LT(open_descriptors(::getpid()), held);
}

}  // namespace
}  // namespace fanbench
