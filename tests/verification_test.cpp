// A model that breaks a rule becomes an error row: each rule is broken by a toy model and the mistake is
// found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/measurement.hpp"
#include "tests/toy_model.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

Case a_case(std::string workload, std::uint32_t calls) {
  return {.name = workload + "/toy",
          .workload = workload,
          .model = "toy",
          .scenario = {.calls = calls, .seed = 7},
          .plan = {.seed = 7, .delay = FixedDelay{30ms}},
          .iterations = 1};
}

Case gather_case() { return a_case("gather", 5); }

Case semaphore_case() {
  Case c = a_case("semaphore", 6);
  c.scenario.limit = 2;
  return c;
}

Case first_completed_case() {
  Case c = a_case("first_completed", 4);
  c.plan.delay = UniformDelay{20ms, 2s};
  while (specification_of("first_completed").refuse(c)) ++c.plan.seed;
  return c;
}

Case retry_case() {
  Case c = a_case("retry", 4);
  c.scenario.attempts = 3;
  c.scenario.backoff = 40ms;
  c.plan.failures = {.rate = 1, .attempts = 1, .kinds = {503}};
  return c;
}

/// What the verification says of a toy: "" if it is content.
template <Break broken>
std::string verdict_on(const Case& c) {
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<broken>();
  Measurement measurement(c, entry, server, std::nullopt);
  try {
    measurement.prepare();
    measurement.iterate();
  } catch (const WrongResult& wrong) {
    return wrong.what();
  }
  return "";
}

TEST(Verification, IsContentWithAnHonestModel) {
  EXPECT_EQ(verdict_on<Break::nothing>(gather_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(semaphore_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(first_completed_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(retry_case()), "");
}

TEST(Verification, FindsASkippedCall) {
  EXPECT_THAT(verdict_on<Break::skip_a_call>(gather_case()), HasSubstr("call 1"));
}
TEST(Verification, FindsALostCall) {
  EXPECT_THAT(verdict_on<Break::lose_a_call>(gather_case()), HasSubstr("call 1 was lost"));
}
TEST(Verification, FindsACallMadeTwice) {
  EXPECT_THAT(verdict_on<Break::make_one_twice>(gather_case()), HasSubstr("reached the server twice"));
}
TEST(Verification, FindsSwappedReplies) {
  EXPECT_THAT(verdict_on<Break::swap_two_replies>(gather_case()), HasSubstr("the reply of another call?"));
}
TEST(Verification, FindsAReplyBeforeItWasDue) {
  EXPECT_THAT(verdict_on<Break::too_fast>(gather_case()), HasSubstr("finished before its reply was due"));
}
TEST(Verification, FindsColdConnectionsInAWarmStart) {
  EXPECT_THAT(verdict_on<Break::new_connections>(gather_case()), HasSubstr("connections were opened"));
}
TEST(Verification, FindsACallLeftOpen) {
  Case c = gather_case();
  c.plan.delay = FixedDelay{3s};  // longer than the ledger is given to settle
  EXPECT_THAT(verdict_on<Break::leave_one_running>(c), HasSubstr("still open"));
}
TEST(Verification, FindsMissingConcurrency) {
  Case c = gather_case();
  c.plan.delay = FixedDelay{200ms};  // ample time to begin five calls
  EXPECT_THAT(verdict_on<Break::one_after_another>(c), HasSubstr("in flight at most, expected 5"));
}
TEST(Verification, FindsAnExceededLimit) {
  EXPECT_THAT(verdict_on<Break::exceed_the_limit>(semaphore_case()), HasSubstr("expected at most 2"));
}
TEST(Verification, FindsAForgottenCancellation) {
  EXPECT_THAT(verdict_on<Break::forget_to_cancel>(first_completed_case()), HasSubstr("was not cancelled"));
}
TEST(Verification, FindsAWrongWinner) {
  EXPECT_NE(verdict_on<Break::choose_the_wrong_one>(first_completed_case()), "");
}
TEST(Verification, FindsARetryBeforeItsWait) {
  EXPECT_THAT(verdict_on<Break::retry_too_early>(retry_case()), HasSubstr("expected a wait of at least"));
}
TEST(Verification, FindsARetryTooMany) {
  EXPECT_THAT(verdict_on<Break::retry_too_often>(retry_case()), HasSubstr("call 0"));
}
TEST(Verification, FindsARetryTooFew) {
  EXPECT_THAT(verdict_on<Break::give_up_early>(retry_case()), HasSubstr("attempted 1 times, expected 2"));
}

TEST(Verification, RefusesAPlanWithoutAClearWinner) {
  Case c = first_completed_case();
  c.plan.delay = FixedDelay{30ms};
  EXPECT_THAT(verdict_on<Break::nothing>(c), HasSubstr("choose another seed"));
}

// The checks as pure functions, on outcomes that no model could produce.

struct Made {
  std::vector<CallRecord> records;
  Outcome outcome;
  Ledger ledger;
};

/// A perfect outcome of a gather.
Made perfect(const Case& c) {
  Made made;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const PlannedReply reply = planned_reply(c.plan, id, 0);
    made.records.push_back({.started = 1us,
                            .finished = reply.delay + 20us,
                            .answer = reply.answer,
                            .status = 200,
                            .verdict = Verdict::ok,
                            .attempts = 1});
    made.ledger.calls.push_back({.id = id,
                                 .arrived = 10us,
                                 .due = 10us + reply.delay,
                                 .ended = 15us + reply.delay,
                                 .ending = Ending::completed});
  }
  made.ledger.arrivals = made.ledger.completed = made.ledger.in_flight_peak = c.scenario.calls;
  made.outcome = {.makespan = 30ms + 50us};
  return made;
}

std::string verdict_on(const Case& c, Made made) {
  made.outcome.records = made.records;
  return verify(specification_of(c.workload), c, UINT32_MAX, made.outcome, made.ledger).value_or("");
}

TEST(Verification, IsContentWithAPerfectOutcome) {
  EXPECT_EQ(verdict_on(gather_case(), perfect(gather_case())), "");
}

TEST(Verification, RefusesAMakespanUnderTheIdeal) {
  Made made = perfect(gather_case());
  for (CallRecord& record : made.records) record.finished = 29ms;
  for (LedgerCall& call : made.ledger.calls) call.due = call.ended = 29ms;
  made.outcome.makespan = 29ms + 500us;
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("impossible"));
}
TEST(Verification, RefusesALedgerThatBreaksLittlesLaw) {
  Made made = perfect(gather_case());
  made.ledger.in_flight_peak = 2;
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("on average"));
}
TEST(Verification, RefusesACallRecordedAfterTheEnd) {
  Made made = perfect(gather_case());
  made.records[2].finished = 40ms;
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("after the fan-out"));
}
TEST(Verification, RefusesACallThatArrivedBeforeItStarted) {
  Made made = perfect(gather_case());
  made.records[2].started = 12us;
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("before it is recorded as started"));
}
TEST(Verification, RefusesAWarmConnectionInAColdStart) {
  Case c = gather_case();
  c.cold = true;
  Made made = perfect(c);
  made.ledger.connections_new = 4;  // of the five that were in use at once
  EXPECT_THAT(verdict_on(c, made), HasSubstr("4 connections were opened, expected at least 5"));
}
TEST(Verification, RefusesASharedConnectionWhereEachCallShouldHaveItsOwn) {
  Case c = gather_case();
  c.connection = Connection::per_call;
  Made made = perfect(c);
  made.ledger.connections_new = 4;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("4 connections were opened for 5 calls"));
}
TEST(Verification, RefusesAWrongStatus) {
  Made made = perfect(gather_case());
  made.records[3].status = 204;
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("call 3 has status 204, expected 200"));
}
TEST(Verification, RefusesAWinnerThatWasDueLater) {
  Case c = first_completed_case();
  Made made = perfect(c);
  CallId slowest = 0;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (planned_reply(c.plan, id, 0).delay > planned_reply(c.plan, slowest, 0).delay) slowest = id;
  }
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (id == slowest) continue;
    made.records[id].verdict = Verdict::cancelled;
    made.ledger.calls[id].ending = Ending::abandoned;
  }
  made.outcome.chosen = slowest;
  made.outcome.makespan = made.records[slowest].finished;
  for (CallRecord& record : made.records) record.finished = made.outcome.makespan;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("was due"));
}
TEST(Verification, RefusesAnAttemptOutOfOrder) {
  const Case c = retry_case();
  Made made = perfect(c);
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const PlannedReply second = planned_reply(c.plan, id, 1);
    made.records[id].attempts = 2;
    made.records[id].answer = second.answer;
    made.records[id].finished = 1s;
    LedgerCall again = made.ledger.calls[id];
    again.attempt = 1;
    made.ledger.calls.push_back(again);
  }
  std::swap(made.ledger.calls[0].attempt, made.ledger.calls[4].attempt);
  made.ledger.arrivals = 8;
  made.ledger.in_flight_peak = 4;
  made.outcome.makespan = 1s;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("attempt 1 of call 0 came out of order"));
}
TEST(Verification, RefusesAForeignCall) {
  Made made = perfect(gather_case());
  made.ledger.calls.push_back({.id = 99});
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("call 99"));
}

TEST(Ideal, OfSemaphoreIsGreedyListScheduling) {
  Case c = semaphore_case();  // 6 calls of 30 ms over 2 permits
  EXPECT_EQ(specification_of("semaphore").ideal(c), 90ms);
  c.scenario.calls = 5;
  EXPECT_EQ(specification_of("semaphore").ideal(c), 90ms);
  c.scenario.limit = 10;
  EXPECT_EQ(specification_of("semaphore").ideal(c), 30ms);
}
TEST(Ideal, OfSemaphoreMayBeBeatenByALuckyOrderOnly) {
  Case c = a_case("semaphore", 3);
  c.scenario.limit = 2;
  c.plan.delay = UniformDelay{10ms, 200ms};
  const Specification& semaphore = specification_of("semaphore");
  for (c.plan.seed = 1; c.plan.seed < 200; ++c.plan.seed) {
    Nanoseconds d[3];
    for (CallId id = 0; id < 3; ++id) d[id] = planned_reply(c.plan, id, 0).delay;
    // In id order the third call follows the shorter of the first two; in the best order the longest call
    // runs alone.
    EXPECT_EQ(semaphore.ideal(c), std::max(std::max(d[0], d[1]), std::min(d[0], d[1]) + d[2]));
    std::ranges::sort(d);
    EXPECT_LE(semaphore.least(c), std::max(d[2], d[0] + d[1]));
    EXPECT_GE(semaphore.least(c), (d[0] + d[1] + d[2]) / 2);
  }
}
TEST(Ideal, OfRetryCountsDelaysAndWaits) {
  const Case c = retry_case();  // each call fails once: two delays and the first wait
  Nanoseconds longest{};
  for (CallId id = 0; id < 4; ++id) longest = std::max(longest, 60ms + backoff(c.scenario, id, 0, {}));
  EXPECT_EQ(specification_of("retry").ideal(c), longest);
}
TEST(Ideal, OfFirstCompletedIsTheLeastDelay) {
  const Case c = first_completed_case();
  Nanoseconds least = 1h;
  for (CallId id = 0; id < 4; ++id) least = std::min(least, planned_reply(c.plan, id, 0).delay);
  EXPECT_EQ(specification_of("first_completed").ideal(c), least);
}

}  // namespace
}  // namespace fanbench
