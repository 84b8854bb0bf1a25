// What worker processes record as events reaches the pool's recorder, after the records of their calls. The
// workers of this program are of its own making.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

#include "impls/processes/process_pool.hpp"

namespace fanbench::processes {
namespace {

constexpr std::uint64_t value_of(CallId id, std::uint32_t number) { return id * 1000 + number; }

/// Call i has 100 i events, more than fit into a message. Of call `dying_in_the_middle` the worker sends one
/// of two, and dies.
constexpr CallId dying_in_the_middle = 9;
void work(int socket, const Setup&, const SharedRecords& records) {
  serve_jobs(socket, records, [socket](const Job& job, Recorder& recorder) {
    recorder.start(job.id);
    recorder.finish(job.id, {.verdict = Verdict::ok});
    if (job.id == dying_in_the_middle) {
      const Done done{.id = job.id, .events = 2};
      const EventRecord event{.id = job.id};
      ::send(socket, &done, sizeof done, MSG_NOSIGNAL);
      ::send(socket, &event, sizeof event, MSG_NOSIGNAL);
      ::_exit(0);
    }
    for (std::uint32_t number = 0; number < job.id * 100; ++number)
      recorder.event(job.id, number, value_of(job.id, number));
  });
}

struct Recorded {
  explicit Recorded(std::uint32_t calls) : records(calls), recorder(records) {}
  std::vector<CallRecord> records;
  Recorder recorder;
};

TEST(EventsOfWorkers, ReachThePool) {
  constexpr std::uint32_t calls = 8;
  ProcessPool pool({.workers = 3});
  for (int run = 0; run < 2; ++run) {
    Recorded recorded(calls);
    pool.begin({.calls = calls}, recorded.recorder);
    for (CallId id = 0; id < calls; ++id) pool.submit(Task::call, id);
    pool.wait_for_all();
    EXPECT_EQ(recorded.recorder.noted(), "");
    std::vector<std::uint32_t> seen(calls);  // of each call, in the order in which they were recorded
    for (const EventRecord& event : recorded.recorder.events()) {
      ASSERT_LT(event.id, calls);
      EXPECT_EQ(event.number, seen[event.id]++);
      EXPECT_EQ(event.value, value_of(event.id, event.number));
      EXPECT_GE(event.at, recorded.records[event.id].finished);
    }
    for (CallId id = 0; id < calls; ++id) EXPECT_EQ(seen[id], id * 100);
  }
}

TEST(EventsOfWorkers, AreLostWithTheWorkerAndItsCallIsNamed) {
  ProcessPool pool({.workers = 1});
  Recorded recorded(dying_in_the_middle + 1);
  pool.begin({.calls = dying_in_the_middle + 1}, recorded.recorder);
  pool.submit(Task::call, dying_in_the_middle);
  pool.wait_for_all();
  EXPECT_NE(recorded.recorder.noted().find("died in the middle of call 9"), std::string::npos)
      << recorded.recorder.noted();
  EXPECT_EQ(recorded.recorder.events().size(), 0U);
  EXPECT_EQ(recorded.records[dying_in_the_middle].verdict, Verdict::transport_error);
}

}  // namespace
}  // namespace fanbench::processes

int main(int argc, char** argv) {
  using namespace fanbench::processes;
  if (argc > 1 && std::string_view(argv[1]) == fork_server_flag) run_fork_server(argc, argv, work);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
