// After each test asserts that it left no process, thread or descriptor behind. Linked into every test
// program.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "bench/machine/resources.hpp"

namespace {

struct Belongings {
  std::size_t processes = 0, threads = 0, descriptors = 0;
  bool operator==(const Belongings&) const = default;

  static Belongings now() {
    return {.processes = fanbench::descendants(0).size(),
            .threads = fanbench::threads_of_tree(0),
            .descriptors = fanbench::open_descriptors(::getpid())};
  }
  friend std::ostream& operator<<(std::ostream& out, const Belongings& b) {
    return out << b.processes << " child processes, " << b.threads << " threads, " << b.descriptors
               << " descriptors";
  }
};

class LeakCheck : public testing::EmptyTestEventListener {
  // ThreadSanitizer starts a thread of its own beside a program's first.
  void OnTestProgramStart(const testing::UnitTest&) override {
    std::thread([] {}).join();
  }

  void OnTestStart(const testing::TestInfo&) override { before_ = Belongings::now(); }

  // The kernel lists a joined thread and the last connection of a server for a moment longer.
  void OnTestEnd(const testing::TestInfo& test) override {
    if (test.result()->Skipped()) return;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    Belongings after = Belongings::now();
    while (after != before_ && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      after = Belongings::now();
    }
    EXPECT_EQ(after, before_) << "the test left something behind";
  }

  Belongings before_;
};

const bool registered = [] {
  testing::UnitTest::GetInstance()->listeners().Append(new LeakCheck);
  return true;
}();

}  // namespace
