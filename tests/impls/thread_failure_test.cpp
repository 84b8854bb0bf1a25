// A thread that cannot be made ends the run: the model throws, and what it had begun until then ends by
// itself.
#include <dlfcn.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <cerrno>
#include <system_error>

#include "bench/targets/server.hpp"
#include "tests/bench/small_case.hpp"

namespace {

thread_local int threads_allowed = -1;  // that this thread may still make; below 0: no limit

}  // namespace

/// The C library's, until a thread has made all that it may.
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                              void* argument) {
  using Create = int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static auto* const create = reinterpret_cast<Create*>(::dlsym(RTLD_NEXT, "pthread_create"));
  if (threads_allowed == 0) return EAGAIN;
  if (threads_allowed > 0) --threads_allowed;
  return create(thread, attributes, run, argument);
}

namespace fanbench {
namespace {

/// Runs the case in a model that may make so many threads; whether one more was asked for.
bool fails_with(int threads, const Case& c) {
  MockServer server(SERVER_PROGRAM);
  const auto entry = std::ranges::find(models(), c.model, &ModelEntry::name);
  const auto model = entry->make({.host = server.host(), .port = server.port(), .transport = c.transport});
  Scenario scenario = c.scenario;
  scenario.run = server.create_run(c.plan);
  std::vector<CallRecord> records(scenario.calls);
  std::vector<AttemptRecord> attempts(scenario.attempts > 1 ? scenario.calls * scenario.attempts : 0);
  Recorder recorder(records, attempts);
  bool failed = false;
  threads_allowed = threads;
  try {
    model->run(c.workload, scenario, recorder);
  } catch (const std::system_error& error) {
    failed = true;
    EXPECT_EQ(error.code().value(), EAGAIN);
  }
  threads_allowed = -1;
  EXPECT_EQ(server.settled_ledger(scenario.run).open, 0U) << "a call goes on after the run";
  return failed;
}

TEST(ThreadFailure, EndsEveryWorkload) {
  for (const Specification& specification : specifications()) {
    for (const int threads : {0, 1, 2}) {
      SCOPED_TRACE(fmt::format("{} with {} threads", specification.workload, threads));
      Case c = small_case(specification.workload, "threads", "native", 4);
      c.scenario.kernel_steps = 1000;
      EXPECT_TRUE(fails_with(threads, c));
      if (specification.workload != "pipeline") continue;
      c.scenario.mode = Mode::barrier;
      EXPECT_TRUE(fails_with(threads, c));
    }
  }
}

/// Callers that wait for their calls to be made, by the thread that cannot make another caller.
TEST(ThreadFailure, EndsABridgeOfThreadsToALoopOrProcesses) {
  for (const char* model : {"coroutines", "processes"}) {
    for (const int threads : {0, 1, 2}) {
      SCOPED_TRACE(fmt::format("{} with {} threads", model, threads));
      EXPECT_TRUE(fails_with(threads, small_case("bridge", model, "native", 4)));
    }
  }
}

}  // namespace
}  // namespace fanbench
