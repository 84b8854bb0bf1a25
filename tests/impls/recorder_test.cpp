// The recorder: calls, their attempts, events and tasks, from one thread and from many.
#include <gtest/gtest.h>

#include <barrier>
#include <thread>
#include <tuple>
#include <vector>

#include "impls/contract/records.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;

constexpr Reply good{.verdict = Verdict::ok, .status = 200, .answer = 0xa7};
constexpr Reply busy{.verdict = Verdict::http_error, .status = 503, .retry_after = 20ms, .answer = 0xb8};

/// A run that began a while ago, so that none of its times is 0.
const auto began = Recorder::Clock::now() - 1s;

void expect(const auto& record, const Reply& reply) {
  EXPECT_EQ(record.verdict, reply.verdict);
  EXPECT_EQ(record.status, reply.status);
  EXPECT_EQ(record.answer, reply.answer);
}
void expect_untouched(const AttemptRecord& record) {
  EXPECT_EQ(record.started, 0ns);
  EXPECT_EQ(record.finished, 0ns);
  expect(record, {});
}

TEST(Recorder, TakesACallDown) {
  std::vector<CallRecord> calls(2);
  Recorder recorder(calls, {}, began);
  EXPECT_EQ(recorder.attempts_per_call(), 0U);
  recorder.ready(1);
  EXPECT_EQ(recorder.start(1), 0U);
  recorder.finish(1, good);
  const CallRecord& call = calls[1];
  expect(call, good);
  EXPECT_EQ(call.attempts, 1);
  EXPECT_GE(call.intended, 1s);
  EXPECT_GE(call.started, call.intended);
  EXPECT_GE(call.finished, call.started);
  expect(calls[0], {});
  EXPECT_EQ(calls[0].attempts, 0);
}

TEST(Recorder, KeepsOfACallsAttemptsTheFirstStartAndTheLastEnd) {
  std::vector<CallRecord> calls(1);
  Recorder recorder(calls, {}, began);
  EXPECT_EQ(recorder.start(0), 0U);
  const Nanoseconds started = calls[0].started;
  recorder.end(0, 0, busy);
  EXPECT_EQ(calls[0].verdict, Verdict::none);
  EXPECT_EQ(recorder.start(0), 1U);
  EXPECT_EQ(calls[0].started, started);
  recorder.finish(0, good);
  expect(calls[0], good);
  EXPECT_EQ(calls[0].attempts, 2);
  EXPECT_TRUE(recorder.attempts_of(0).empty());
}

TEST(Recorder, TakesEachAttemptDown) {
  std::vector<CallRecord> calls(2);
  std::vector<AttemptRecord> attempts(6);
  Recorder recorder(calls, attempts, began);
  EXPECT_EQ(recorder.attempts_per_call(), 3U);
  const Attempt first = recorder.start(1);
  recorder.end(1, first, busy);
  const Attempt second = recorder.start(1);
  recorder.finish(1, good);
  const auto of = recorder.attempts_of(1);
  ASSERT_EQ(of.data(), &attempts[3]);
  ASSERT_EQ(of.size(), 3U);
  expect(of[first], busy);
  EXPECT_EQ(of[first].retry_after, 20ms);
  expect(of[second], good);
  expect_untouched(of[2]);
  for (const AttemptRecord& other : recorder.attempts_of(0)) expect_untouched(other);
  EXPECT_EQ(of[first].started, calls[1].started);
  EXPECT_GE(of[first].finished, of[first].started);
  EXPECT_GE(of[second].started, of[first].finished);
  EXPECT_EQ(of[second].finished, calls[1].finished);
  expect(calls[1], good);
}

/// A hedge: a second attempt is begun while the first goes on, and the first is the one that decides.
TEST(Recorder, EndsACallWithTheAttemptThatIsNamed) {
  std::vector<CallRecord> calls(1);
  std::vector<AttemptRecord> attempts(2);
  Recorder recorder(calls, attempts, began);
  const Attempt first = recorder.start(0), second = recorder.start(0);
  recorder.finish(0, good, first);
  expect(calls[0], good);
  expect(attempts[first], good);
  EXPECT_EQ(calls[0].finished, attempts[first].finished);
  EXPECT_EQ(attempts[second].verdict, Verdict::none);
  EXPECT_EQ(attempts[second].finished, 0ns);

  const Nanoseconds finished = calls[0].finished;
  recorder.end(0, second, {.verdict = Verdict::cancelled});
  EXPECT_EQ(attempts[second].verdict, Verdict::cancelled);
  EXPECT_GE(attempts[second].finished, finished);
  EXPECT_EQ(calls[0].finished, finished);
  expect(calls[0], good);
  EXPECT_EQ(calls[0].attempts, 2);
}

/// Of those that were given up, the call ends with that whose time was over.
TEST(Recorder, SettlesACallWithAReplyIfItHasOne) {
  const Reply cancelled{.verdict = Verdict::cancelled}, timed_out{.verdict = Verdict::timed_out};
  for (const auto& [first, second, verdict] : {std::tuple{cancelled, timed_out, Verdict::timed_out},
                                               {timed_out, cancelled, Verdict::timed_out},
                                               {timed_out, good, Verdict::ok},
                                               {good, timed_out, Verdict::ok},
                                               {cancelled, good, Verdict::ok}}) {
    std::vector<CallRecord> calls(1);
    std::vector<AttemptRecord> attempts(2);
    Recorder recorder(calls, attempts, began);
    recorder.start(0, 0);
    recorder.start(0, 1);
    recorder.end(0, 0, first);
    recorder.end(0, 1, second);
    recorder.settle(0);
    EXPECT_EQ(calls[0].verdict, verdict);
    EXPECT_EQ(calls[0].attempts, 2);
  }
}

/// Attempts for which there is no record leave those of the next call alone.
TEST(Recorder, CountsMoreAttemptsThanItHasRecordsFor) {
  std::vector<CallRecord> calls(2);
  std::vector<AttemptRecord> attempts(4);
  Recorder recorder(calls, attempts, began);
  for (Attempt n = 0; n < 3; ++n) {
    EXPECT_EQ(recorder.start(0), n);
    if (n < 2) recorder.end(0, n, busy);
  }
  recorder.end(0, 2, busy);
  recorder.finish(0, good);
  EXPECT_EQ(calls[0].attempts, 3);
  expect(calls[0], good);
  EXPECT_GE(calls[0].finished, attempts[1].finished);
  expect(attempts[1], busy);
  expect_untouched(attempts[2]);
  expect_untouched(attempts[3]);
}

TEST(Recorder, LeavesOutCallsThatAreNotBegun) {
  std::vector<CallRecord> calls(4);
  std::vector<AttemptRecord> attempts(8);
  Recorder recorder(calls, attempts, began);
  recorder.start(0);
  recorder.finish(0, good);
  recorder.leave_out(1, 3);
  recorder.leave_out(3, 3);
  expect(calls[0], good);
  for (const CallId id : {1U, 2U}) {
    EXPECT_EQ(calls[id].verdict, Verdict::cancelled);
    EXPECT_EQ(calls[id].attempts, 0);
    EXPECT_EQ(calls[id].started, 0ns);
    EXPECT_GE(calls[id].finished, 1s);
  }
  EXPECT_EQ(calls[3].verdict, Verdict::none);
  for (std::size_t n = 1; n < attempts.size(); ++n) expect_untouched(attempts[n]);
}

TEST(Recorder, HasNoRecordsOfNoCalls) {
  Recorder recorder({}, {});
  recorder.leave_out(0, 0);
  EXPECT_EQ(recorder.attempts_per_call(), 0U);
  EXPECT_TRUE(recorder.records().empty());
}

TEST(Recorder, TakesEventsDownFromManyThreads) {
  constexpr CallId threads = 4;
  constexpr std::uint32_t each = 250;
  std::vector<CallRecord> calls(threads);
  Recorder recorder(calls, {}, began);
  {
    std::vector<std::jthread> all;
    for (CallId id = 0; id < threads; ++id) {
      all.emplace_back([&recorder, id] {
        recorder.start(id);
        for (std::uint32_t n = 0; n < each; ++n) recorder.event(id, n, id * 1000 + n);
        recorder.finish(id, good);
      });
    }
  }
  recorder.event({.at = 5ns, .id = Recorder::none, .number = 7, .value = 9});
  const auto& events = recorder.events();
  ASSERT_EQ(events.size(), threads * each + 1);
  EXPECT_EQ(events.back().at, 5ns);
  EXPECT_EQ(events.back().id, Recorder::none);
  std::vector<std::uint32_t> next(threads, 0);
  std::vector<Nanoseconds> last(threads, 1s);
  for (std::size_t n = 0; n + 1 < events.size(); ++n) {
    const EventRecord& event = events[n];
    ASSERT_LT(event.id, threads);
    EXPECT_EQ(event.number, next[event.id]++);  // a thread's own are in their order
    EXPECT_EQ(event.value, event.id * 1000 + event.number);
    EXPECT_GE(event.at, last[event.id]);
    last[event.id] = event.at;
  }
}

TEST(Recorder, KnowsHowManyTasksThereWereAtOnce) {
  Recorder recorder({});
  EXPECT_EQ(recorder.tasks_peak(), 0U);
  { const LiveTask one(recorder); }
  { const LiveTask one(recorder); }
  EXPECT_EQ(recorder.tasks_peak(), 1U);
  constexpr int threads = 6;
  for (int round = 0; round < 20; ++round) {
    std::barrier all_live(threads);
    std::vector<std::jthread> all;
    for (int n = 0; n < threads; ++n) {
      all.emplace_back([&] {
        const LiveTask task(recorder);
        all_live.arrive_and_wait();
      });
    }
  }
  EXPECT_EQ(recorder.tasks_peak(), threads);
  { const LiveTask one(recorder); }
  EXPECT_EQ(recorder.tasks_peak(), threads);
}

TEST(Recorder, KeepsTheFirstNoteAndTheChoice) {
  Recorder recorder({});
  EXPECT_EQ(recorder.noted(), "");
  EXPECT_EQ(recorder.chosen(), Recorder::none);
  recorder.note("a worker died");
  recorder.note("and so it failed");
  EXPECT_EQ(recorder.noted(), "a worker died");
  recorder.choose(3);
  EXPECT_EQ(recorder.chosen(), 3U);
}

TEST(Recorder, KnowsHowLateEachBeatWas) {
  const auto start = Recorder::Clock::now() - 1s;
  Recorder recorder({}, {}, start);
  EXPECT_EQ(recorder.beat_due(0), start + Recorder::heartbeat);
  EXPECT_EQ(recorder.beat_due(9), start + 10 * Recorder::heartbeat);
  recorder.beat(0);
  recorder.beat(1);
  ASSERT_EQ(recorder.lags().size(), 2U);
  EXPECT_GE(recorder.lags()[0], 990ms);
  EXPECT_GE(recorder.lags()[1], 980ms);
}

}  // namespace
}  // namespace fanbench
