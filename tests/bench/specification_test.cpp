// The specifications as pure functions: their checks on made-up outcomes, and their ideals on plans simulated
// by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "bench/specification/kernel_result.hpp"
#include "bench/specification/schedules.hpp"
#include "impls/kernel.hpp"
#include "tests/bench/cases.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;
using namespace cases;
using testing::HasSubstr;

struct Made {
  std::vector<CallRecord> records;
  std::vector<AttemptRecord> attempts{};
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

std::string verdict_on(const Case& c, Made made, std::uint32_t model_in_flight = UINT32_MAX) {
  made.outcome.records = made.records;
  made.outcome.attempts = made.attempts;
  return verify(specification_of(c.workload), c, model_in_flight, made.outcome, made.ledger).value_or("");
}

/// An outcome in which the server saw these calls, at these times, and all went as planned; the others were
/// never begun. Each could start as soon as it did.
Made served(const Case& c, const std::vector<std::pair<CallId, Nanoseconds>>& arrivals) {
  Made made;
  made.records.assign(c.scenario.calls, {.intended = 1us, .finished = 2us, .verdict = Verdict::cancelled});
  for (const auto& [id, arrived] : arrivals) {
    const PlannedReply reply = planned_reply(c.plan, id, 0);
    const Verdict failed = reply.status == Failures::reset ? Verdict::transport_error : Verdict::http_error;
    made.records[id] = {.intended = arrived - 1us,
                        .started = arrived - 1us,
                        .finished = arrived + reply.delay,
                        .answer = kernel_result(reply.answer, c.scenario.kernel_steps),
                        .status = reply.status,
                        .verdict = reply.status == 200 ? Verdict::ok : failed,
                        .attempts = 1};
    made.outcome.makespan = std::max(made.outcome.makespan, made.records[id].finished);
    const Ending ending = !is_whole(reply) ? Ending::broken : Ending::completed;
    ++(ending == Ending::broken ? made.ledger.broken : made.ledger.completed);
    made.ledger.calls.push_back({.id = id,
                                 .arrived = arrived,
                                 .due = arrived + reply.delay,
                                 .ended = arrived + reply.delay,
                                 .ending = ending});
  }
  std::ranges::stable_sort(made.ledger.calls, {}, &LedgerCall::arrived);
  made.ledger.arrivals = made.ledger.calls.size();
  made.ledger.in_flight_peak = specification_of(c.workload).in_flight(c);
  return made;
}

void shift_ledger(Made& made, Nanoseconds by) {
  for (LedgerCall& call : made.ledger.calls) call.arrived += by, call.due += by, call.ended += by;
}

/// The call was given up then.
void give_up(Made& made, CallId id, Verdict verdict, Nanoseconds at) {
  made.records[id].verdict = verdict;
  made.records[id].finished = at;
  LedgerCall& call = *std::ranges::find(made.ledger.calls, id, &LedgerCall::id);
  call.ending = Ending::abandoned;
  call.ended = at;
  --made.ledger.completed;
  ++made.ledger.abandoned;
  made.outcome.makespan = {};
  for (const CallRecord& record : made.records)
    made.outcome.makespan = std::max(made.outcome.makespan, record.finished);
}

TEST(Specification, IsContentWithAPerfectOutcome) {
  EXPECT_EQ(verdict_on(gather_case(), perfect(gather_case())), "");
}

TEST(Specification, RefusesAMakespanUnderTheIdeal) {
  Made made = perfect(gather_case());
  for (CallRecord& record : made.records) record.finished = 29ms;
  for (LedgerCall& call : made.ledger.calls) call.due = call.ended = 29ms;
  made.outcome.makespan = 29ms + 500us;
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("impossible"));
}
TEST(Specification, RefusesALedgerThatBreaksLittlesLaw) {
  Made made = perfect(gather_case());
  made.ledger.in_flight_peak = 2;
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("on average"));
}
TEST(Specification, RefusesALedgerWhoseClockWasSet) {
  Made made = perfect(gather_case());
  made.ledger.clock_stepped = true;
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("the server's wall clock was set"));
}
TEST(Specification, RefusesACallRecordedAfterTheEnd) {
  Made made = perfect(gather_case());
  made.records[2].finished = 40ms;
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("after the fan-out"));
}
TEST(Specification, RefusesACallThatArrivedBeforeItStarted) {
  Made made = perfect(gather_case());
  made.records[2].started = 12us;
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("before it is recorded as started"));
}
TEST(Specification, RefusesAWarmConnectionInAColdStart) {
  Case c = gather_case();
  c.cold = true;
  Made made = perfect(c);
  made.ledger.connections_new = 4;  // of the five that were in use at once
  EXPECT_THAT(verdict_on(c, made), HasSubstr("4 connections were opened, expected at least 5"));
}
TEST(Specification, RefusesASharedConnectionWhereEachCallShouldHaveItsOwn) {
  Case c = gather_case();
  c.connection = Connection::per_call;
  Made made = perfect(c);
  made.ledger.connections_new = 4;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("4 connections were opened for 5 calls"));
}
TEST(Specification, RefusesAWrongStatus) {
  Made made = perfect(gather_case());
  made.records[3].status = 204;
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("call 3 has status 204, expected 200"));
}
TEST(Specification, RefusesAWinnerThatWasDueLater) {
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
TEST(Specification, RefusesAForeignCall) {
  Made made = perfect(gather_case());
  made.ledger.calls.push_back({.id = 99});
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("call 99"));
}

TEST(Specification, RefusesMoreCallsInTheLedgerThanWereMade) {
  const Case c = task_group_case();
  Made made = served(c, {{0, 1us}, {1, 1us}, {2, 1us}, {3, 1us}, {4, 1us}});
  give_up(made, 3, Verdict::cancelled, made.records[2].finished + 1ms);
  give_up(made, 4, Verdict::cancelled, made.records[2].finished + 1ms);
  made.outcome.chosen = 2;
  EXPECT_EQ(verdict_on(c, made), "");
  made.ledger.calls.push_back(made.ledger.calls.front());  // and the server does not say that it came twice
  EXPECT_THAT(verdict_on(c, made), HasSubstr("the server saw 6 calls, but only 5 are recorded as made"));
  made.ledger.calls.pop_back();
  made.ledger.arrivals = 6;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("the server saw 6 calls, but only 5 are recorded as made"));
}
TEST(Specification, IsContentWithNoCallsAtAll) {
  Made nothing;
  nothing.ledger.events_sent = 0;
  for (const Specification& specification : specifications()) {
    Case c = a_case(std::string(specification.workload), 0);
    c.scenario.limit = 1;
    c.work = specification.works_once ? 0ms : 1ms;
    EXPECT_EQ(specification.refuse(c), std::nullopt) << c.workload;
    EXPECT_EQ(specification.ideal(c), 0ns) << c.workload;
    EXPECT_EQ(specification.least(c), 0ns) << c.workload;
    EXPECT_EQ(specification.in_flight(c), 0U) << c.workload;
    EXPECT_EQ(verdict_on(c, nothing), "") << c.workload;
    if (!specification.decided) continue;
    EXPECT_EQ(specification.decided(c, {}), std::nullopt) << c.workload;
  }
}
TEST(Specification, IsOfAWorkloadThatModelsHave) {
  for (const Specification& row : specifications()) {
    EXPECT_TRUE(std::ranges::any_of(models(), [&row](const ModelEntry& entry) {
      return !entry.yardstick && entry.supports(row.workload, "native");
    })) << row.workload;
  }
}
TEST(Specification, RefusesAForeignCallOfNone) {
  Made made;
  made.ledger.calls.push_back({.id = 0});
  EXPECT_THAT(verdict_on(a_case("gather", 0), made), HasSubstr("call 0 was made, but there are only 0"));
}
TEST(Specification, LooksForLostCallsFirst) {
  Made made = perfect(gather_case());
  made.ledger.duplicates = 1;
  made.records[4].verdict = Verdict::none;
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("call 4 was lost"));
}
TEST(Specification, RefusesACallThatEndedButNeverBegan) {
  Made made = perfect(gather_case());
  made.records[1].attempts = 0;
  made.ledger.calls.erase(made.ledger.calls.begin() + 1);
  EXPECT_THAT(verdict_on(gather_case(), made), HasSubstr("call 1 ended in ok, but was never begun"));
}
TEST(Specification, RefusesACancelledCallWhereNoneShouldBe) {
  const Case c = gather_case();
  EXPECT_THAT(verdict_on(c, served(c, {{0, 1us}, {1, 1us}, {2, 1us}, {3, 1us}})),
              HasSubstr("call 4 was attempted 0 times"));
}

TEST(Specification, RefusesACallThatTheServerNeverSaw) {
  const Case c = gather_case();
  Made made = perfect(c);
  made.ledger.calls.pop_back();
  made.ledger.arrivals = made.ledger.completed = 4;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("the server saw 4 calls and answered 4, expected 5"));
}

/// Lots of so many calls at a time, each lot when the one before has ended.
Made in_lots(const Case& c, std::uint32_t lot) {
  std::vector<std::pair<CallId, Nanoseconds>> arrivals;
  Nanoseconds now = 1us, end{};
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (id % lot == 0) now = std::max(now, end);
    arrivals.emplace_back(id, now);
    end = std::max(end, now + delay(c, id));
  }
  Made made = served(c, arrivals);
  made.ledger.in_flight_peak = std::min(lot, c.scenario.calls);
  return made;
}
TEST(Concurrency, IsAskedForAsFarAsThePlanLeavesTimeToBegin) {
  Case c = a_case("gather", 1000);
  c.plan.delay = FixedDelay{200ms};
  for (const char* workload : {"gather", "all_settled"}) {
    c.workload = workload;
    EXPECT_THAT(verdict_on(c, in_lots(c, 10)),
                HasSubstr("10 calls were in flight at most, expected at least 200"));
    EXPECT_EQ(verdict_on(c, in_lots(c, 10), 10), "");
    EXPECT_EQ(verdict_on(c, in_lots(c, 200)), "");
  }
  c.cold = true;  // its connections are made first
  Made cold = in_lots(c, 10);
  cold.ledger.connections_new = 10;
  EXPECT_THAT(verdict_on(c, cold), HasSubstr("expected at least 20"));
  c.cold = false;
  c.plan.delay = FixedDelay{100ms};  // too short to tell
  EXPECT_EQ(verdict_on(c, in_lots(c, 10)), "");
  c.plan.delay = BimodalDelay{1ms, 1s, 0.9};  // some end early: they do not count
  EXPECT_THAT(verdict_on(c, in_lots(c, 10)), HasSubstr("10 calls were in flight at most, expected at least"));
}
TEST(FirstCompleted, ExpectsAllCallsToBeBegun) {
  Case c = a_case("first_completed", 20);
  const auto verdict = [&c](Nanoseconds fast, std::uint32_t sent, bool forged = false) {
    c.plan.delay = BimodalDelay{fast, 2s, 0.95};
    c = with_seed(c, [fast](const Case& drawn) {
      return delay(drawn, 0) == fast && !specification_of("first_completed").refuse(drawn);
    });
    std::vector<std::pair<CallId, Nanoseconds>> arrivals;
    for (CallId id = 0; id < sent; ++id) arrivals.emplace_back(id, 1us);
    Made made = served(c, arrivals);
    for (CallId id = 1; id < sent; ++id) give_up(made, id, Verdict::cancelled, 1us + fast + 1ms);
    for (CallId id = sent; forged && id < 20; ++id) {
      made.records[id].started = 1us;
      made.records[id].attempts = 1;
    }
    made.outcome.chosen = 0;
    made.ledger.in_flight_peak = sent;
    return verdict_on(c, made);
  };
  EXPECT_EQ(verdict(30ms, 20), "");
  EXPECT_THAT(verdict(30ms, 1), HasSubstr("1 calls had reached the server"));
  EXPECT_THAT(verdict(30ms, 1, true), HasSubstr("1 calls had reached the server"));
  EXPECT_THAT(verdict(30ms, 9, true), HasSubstr("expected at least half of 20"));
  EXPECT_EQ(verdict(30ms, 10, true), "");  // on a busy machine some are late
  EXPECT_THAT(verdict(30ms, 19), HasSubstr("call 19 was never begun"));
  EXPECT_EQ(verdict(29ms, 1, true), "");  // too soon to tell
  EXPECT_THAT(verdict(29ms, 1), HasSubstr("call 1 was never begun"));
}
TEST(TaskGroup, ExpectsItsCallsToBeBegunByTheFirstFailure) {
  const Case c = task_group_case();
  Made made = served(c, {{2, 1us}});
  made.outcome.chosen = 2;
  made.ledger.in_flight_peak = 1;
  EXPECT_THAT(verdict_on(c, made),
              HasSubstr("1 calls had reached the server when the reply to call 2 was due"));
  EXPECT_EQ(verdict_on(c, made, 1), "");
}
TEST(Timeout, ExpectsLateCallsToReachTheServer) {
  Case c = timeout_case();
  const auto verdict = [&c](std::vector<std::pair<CallId, Nanoseconds>> arrivals) {
    Made made = served(c, arrivals);
    for (CallId id : {1, 3}) {
      const bool sent = std::ranges::count(made.ledger.calls, id, &LedgerCall::id) > 0;
      if (sent) give_up(made, id, Verdict::timed_out, 1us + c.scenario.deadline);
      made.records[id] = {.started = 1us,
                          .finished = 1us + c.scenario.deadline,
                          .verdict = Verdict::timed_out,
                          .attempts = 1};
    }
    made.outcome.makespan = 1us + c.scenario.deadline;
    return verdict_on(c, made);
  };
  EXPECT_EQ(verdict({{0, 1us}, {1, 1us}, {2, 1us}, {3, 1us}}), "");
  EXPECT_EQ(verdict({{0, 1us}, {1, 1us}, {2, 1us}}), "");
  EXPECT_EQ(verdict({{0, 1us}, {2, 1us}}),
            "0 of 2 late calls reached the server, expected at least half: were they made at all?");
}
TEST(Cancellation, IsRefusedWhereNothingWouldShowIt) {
  Case c = a_case("first_completed", 2);
  c.plan.delay = BimodalDelay{10ms, 90ms, 0.5};
  c = with_seed(c, [](const Case& drawn) { return delay(drawn, 0) != delay(drawn, 1); });
  EXPECT_EQ(specification_of("first_completed").refuse(c),
            "the last reply is due 80ms after the rest is to be given up, at least 121ms are needed to tell "
            "whether it is: choose longer delays or another seed");
  c.plan.delay = BimodalDelay{10ms, 131ms, 0.5};
  EXPECT_EQ(specification_of("first_completed").refuse(c), std::nullopt);

  Case group = a_case("task_group", 2);
  group.plan.delay = BimodalDelay{10ms, 90ms, 0.5};
  group.plan.failures = {.rate = 0.5};
  group = with_seed(group, [](const Case& drawn) { return fails(drawn, 0) && !fails(drawn, 1); });
  EXPECT_THAT(specification_of("task_group").refuse(group).value_or(""),
              HasSubstr("at least 121ms are needed"));
  group.plan.failures = {};
  EXPECT_EQ(specification_of("task_group").refuse(group), std::nullopt);

  Case late = timeout_case();  // 120 ms
  late.plan.delay = BimodalDelay{30ms, 200ms, 0.5};
  EXPECT_THAT(specification_of("timeout").refuse(late).value_or(""), HasSubstr("is due 80ms after"));
  late.scenario.deadline = 300ms;
  EXPECT_EQ(specification_of("timeout").refuse(late), std::nullopt);
}
TEST(Semaphore, HandsItsPermitsOutInOrder) {
  Case c = semaphore_case();  // two permits, 30 ms
  c.scenario.calls = 12;
  const auto verdict = [&c](std::vector<CallId> order) {
    std::vector<std::pair<CallId, Nanoseconds>> arrivals;
    for (std::size_t i = 0; i < order.size(); ++i) arrivals.emplace_back(order[i], 1us + i / 2 * 31ms);
    return verdict_on(c, served(c, arrivals));
  };
  EXPECT_EQ(verdict({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}), "");
  EXPECT_EQ(verdict({1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10}), "");
  EXPECT_EQ(verdict({0, 1, 7, 8, 9, 10, 11, 2, 3, 4, 5, 6}), "");  // five came late
  EXPECT_THAT(verdict({11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}), HasSubstr("40 of 45 pairs"));
  EXPECT_THAT(verdict({0, 1, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2}), HasSubstr("got their permits in reverse"));
}

/// A perfect outcome of a retry: each call's attempts one after another, with their waits.
Made retried(const Case& c) {
  Made made;
  const std::uint32_t per_call = c.scenario.attempts;
  made.records.resize(c.scenario.calls);
  made.attempts.resize(std::size_t{c.scenario.calls} * per_call);
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    Nanoseconds now = 1us;
    for (Attempt attempt = 0;; ++attempt) {
      const PlannedReply reply = planned_reply(c.plan, id, attempt);
      const Nanoseconds arrived = now + 9us, due = arrived + reply.delay;
      const Verdict verdict = reply.status == 200 ? Verdict::ok : Verdict::http_error;
      made.attempts[id * per_call + attempt] = {now, due + 10us, reply.answer, reply.status, verdict};
      made.ledger.calls.push_back({.id = id,
                                   .attempt = attempt,
                                   .arrived = arrived,
                                   .due = due,
                                   .ended = due + 5us,
                                   .ending = Ending::completed});
      made.records[id] = {.started = 1us,
                          .finished = due + 10us,
                          .answer = reply.answer,
                          .status = reply.status,
                          .verdict = verdict,
                          .attempts = static_cast<std::uint8_t>(attempt + 1)};
      if (verdict == Verdict::ok || attempt + 1 == per_call) break;
      now = due + 10us + backoff(c.scenario, id, attempt, reply.retry_after);
    }
    made.outcome.makespan = std::max(made.outcome.makespan, made.records[id].finished);
  }
  std::ranges::stable_sort(made.ledger.calls, {}, &LedgerCall::arrived);
  made.ledger.arrivals = made.ledger.completed = made.ledger.calls.size();
  made.ledger.in_flight_peak = c.scenario.calls;
  return made;
}
TEST(Retry, IsContentWithAPerfectOutcome) {
  Case c = retry_case();
  EXPECT_EQ(verdict_on(c, retried(c)), "");
  c.plan.failures.attempts = 3;  // some fail to the end
  EXPECT_EQ(verdict_on(c, retried(c)), "");
  c.scenario.attempts = 1;
  Made made = retried(c);
  EXPECT_EQ(verdict_on(c, made), "");
  made.attempts.clear();  // of calls that have but one the call's record is that of its attempt
  EXPECT_EQ(verdict_on(c, made), "");
}
TEST(Retry, RefusesAnAttemptOutOfOrder) {
  const Case c = retry_case();
  Made made = retried(c);
  const auto second = std::ranges::find(made.ledger.calls, 1U, &LedgerCall::attempt);
  std::iter_swap(std::ranges::find(made.ledger.calls, second->id, &LedgerCall::id), second);
  EXPECT_THAT(verdict_on(c, made), HasSubstr("came out of order"));
}
TEST(Retry, JudgesEachAttempt) {
  const Case c = retry_case();
  const auto with = [&c](auto change) {
    Made made = retried(c);
    change(made.attempts[c.scenario.attempts], made.attempts[c.scenario.attempts + 1]);  // of call 1
    return verdict_on(c, made);
  };
  using Record = AttemptRecord;
  EXPECT_EQ(with([](Record&, Record&) {}), "");
  EXPECT_THAT(with([](Record& first, Record&) { first.verdict = Verdict::ok; }),
              HasSubstr("call 1 ended in ok, expected http_error"));
  EXPECT_THAT(with([](Record& first, Record&) { first.status = 500; }),
              HasSubstr("call 1 has status 500, expected 503"));
  EXPECT_THAT(with([](Record& first, Record& second) { second.answer = first.answer; }),
              HasSubstr("attempt 1 of call 1 has answer"));
  EXPECT_THAT(with([](Record&, Record& second) { second.started -= 1us; }),
              HasSubstr("after the end of the one before, expected a wait of at least"));
  EXPECT_THAT(with([](Record& first, Record&) { first.finished += 1us; }),
              HasSubstr("after the end of the one before, expected a wait of at least"));
  EXPECT_THAT(with([](Record&, Record& second) { second.started += 10us; }),
              HasSubstr("attempt 1 of call 1 reached the server before it is recorded as started"));
  EXPECT_THAT(with([](Record& first, Record&) { first.finished -= 11us; }),
              HasSubstr("call 1 is recorded as finished before its reply was due"));
  EXPECT_THAT(with([](Record& first, Record&) { first.started = 0us; }),
              HasSubstr("call 1 is recorded outside of its call or its run"));
}
TEST(Retry, RefusesAttemptsWithoutRecords) {
  const Case c = retry_case();
  Made made = retried(c);
  made.attempts.clear();
  EXPECT_THAT(verdict_on(c, made), HasSubstr("has records of 1 attempts, expected 2"));
}
TEST(Retry, RefusesACallThatIsNotItsLastAttempt) {
  const Case c = retry_case();
  Made made = retried(c);
  made.records[1].answer = made.attempts[c.scenario.attempts].answer;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("attempt 1 of call 1 has answer"));
}
/// An outcome in which the server saw these calls in this order, so many at a time and each lot 61 ms after
/// the one before; where one comes again it is its next attempt. All went as planned.
Made attempted(const Case& c, const std::vector<CallId>& order, std::uint32_t at_once) {
  Made made;
  const std::uint32_t per_call = c.scenario.attempts;
  made.records.resize(c.scenario.calls);
  made.attempts.resize(std::size_t{c.scenario.calls} * per_call);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const CallId id = order[i];
    CallRecord& record = made.records[id];
    const Attempt attempt = record.attempts++;
    const PlannedReply reply = planned_reply(c.plan, id, attempt);
    const Nanoseconds arrived = 1us + i / at_once * 61ms, due = arrived + reply.delay;
    if (attempt == 0) record.started = arrived - 1us;
    record.finished = due;
    record.answer = reply.answer;
    record.status = reply.status;
    record.verdict = reply.status == 200 ? Verdict::ok : Verdict::http_error;
    made.attempts[id * per_call + attempt] = {arrived - 1us, due, reply.answer, reply.status, record.verdict};
    made.ledger.calls.push_back({.id = id,
                                 .attempt = attempt,
                                 .arrived = arrived,
                                 .due = due,
                                 .ended = due,
                                 .ending = Ending::completed});
    made.outcome.makespan = due;
  }
  made.ledger.arrivals = made.ledger.completed = order.size();
  made.ledger.in_flight_peak = at_once;
  return made;
}

/// Each of twelve calls of 60 ms fails once, and may be made again at once.
Case without_waits() {
  Case c = limited_retry_case();
  c.scenario.backoff = 0ms;
  return c;
}
std::vector<CallId> all_twice(const Case& c) {
  std::vector<CallId> order(2 * std::size_t{c.scenario.calls});
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<CallId>(i) % c.scenario.calls;
  return order;
}
const std::vector<CallId> with_a_permit_each = {0, 1, 0, 1, 2, 3, 2, 3, 4,  5,  4,  5,
                                                6, 7, 6, 7, 8, 9, 8, 9, 10, 11, 10, 11};

TEST(RetryWithLimit, HandsItsPermitsOutInOrder) {
  const Case c = without_waits();
  const auto verdict = [&c](const std::vector<CallId>& order) {
    return verdict_on(c, attempted(c, order, 2));
  };
  EXPECT_EQ(verdict(all_twice(c)), "");
  EXPECT_EQ(verdict({1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10}), "");
  EXPECT_EQ(verdict({0, 1, 2, 3, 4, 5, 6, 0, 8, 9, 10, 11, 7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}), "");
  EXPECT_THAT(verdict({0, 1, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}),
              HasSubstr("40 of 45 pairs"));
  EXPECT_THAT(verdict({0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 10, 11, 8, 9, 10, 11}),
              HasSubstr("6 of 8 retries got their permits before calls that had waited for longer"));
}
TEST(RetryWithLimit, RefusesAWaitThatHoldsAPermit) {
  const Case c = without_waits();
  Made made = attempted(c, with_a_permit_each, 2);
  EXPECT_THAT(verdict_on(c, made), HasSubstr("2 calls were under way at most"));
  shift_ledger(made, 1h);
  made.outcome.clock.shared = false;  // the ledger alone shows it
  EXPECT_THAT(verdict_on(c, made), HasSubstr("2 calls were under way at most"));
}
TEST(RetryWithLimit, RefusesOneCallAfterAnotherWithTheirWaits) {
  const Case c = without_waits();
  EXPECT_EQ(verdict_on(c, attempted(c, all_twice(c), 1), 1), "");
  std::vector<CallId> order = all_twice(c);
  std::ranges::sort(order);
  EXPECT_THAT(verdict_on(c, attempted(c, order, 1), 1), HasSubstr("1 calls were under way at most"));
}
TEST(RetryWithLimit, JudgesNobodyBeforeAnyModelWouldHaveAsked) {
  Case c = without_waits();
  c.scenario.calls = 4;  // all have begun when it could be told that they wait
  EXPECT_EQ(verdict_on(c, attempted(c, {0, 1, 0, 1, 2, 3, 2, 3}, 2)), "");
}
TEST(RetryWithLimit, RefusesMoreAttemptsThanPermits) {
  const Case c = without_waits();
  Made made = attempted(c, all_twice(c), 2);
  made.ledger.in_flight_peak = 3;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("3 calls were in flight at once, expected at most 2"));
}
TEST(RetryWithLimit, HasAsManyInFlightAsItsLimit) {
  Case c = limited_retry_case();
  EXPECT_EQ(specification_of("retry").in_flight(c), 2U);
  c.scenario.limit = 100;
  EXPECT_EQ(specification_of("retry").in_flight(c), 12U);
  c.scenario.limit = 0;
  EXPECT_EQ(specification_of("retry").in_flight(c), 12U);
}

TEST(Attempts, AreThoseThatWereMade) {
  const Case c = retry_case();
  Made made = retried(c);
  made.outcome.records = made.records;
  EXPECT_EQ(made.outcome.attempts_of(2).size(), 1);  // as far as the call's own record goes
  EXPECT_EQ(made.outcome.attempts_of(2)[0].finished, made.records[2].finished);
  made.outcome.attempts = made.attempts;
  EXPECT_EQ(made.outcome.attempts_of(2).size(), 2);
  EXPECT_EQ(made.outcome.attempts_of(2)[1].finished, made.records[2].finished);
  made.records[2].attempts = 0;
  EXPECT_TRUE(made.outcome.attempts_of(2).empty());
}

TEST(Clock, OfTheLedgerMayHaveAnOffset) {
  for (const Case& c : {gather_case(), retry_case()}) {
    Made made = c.workload == "retry" ? retried(c) : perfect(c);
    shift_ledger(made, 1h);
    EXPECT_THAT(verdict_on(c, made), HasSubstr("before its reply was due"));
    made.outcome.clock.offset = 1h;
    EXPECT_EQ(verdict_on(c, made), "");
    shift_ledger(made, -2h);
    EXPECT_THAT(verdict_on(c, made), HasSubstr("before it is recorded as started"));
  }
}
TEST(Clock, ThatIsUncertainAllowsAsMuch) {
  const Case c = gather_case();
  Made made = perfect(c);  // started at 1 us, arrived at 10 us; due 10 us before the end
  made.outcome.clock.uncertainty = 100us;
  shift_ledger(made, -109us);
  EXPECT_EQ(verdict_on(c, made), "");
  shift_ledger(made, -1us);
  EXPECT_THAT(verdict_on(c, made), HasSubstr("before it is recorded as started"));
  shift_ledger(made, 220us);
  EXPECT_EQ(verdict_on(c, made), "");
  shift_ledger(made, 1us);
  EXPECT_THAT(verdict_on(c, made), HasSubstr("before its reply was due"));
}
TEST(Clock, OfTheLedgersHasAnError) {
  const std::string ledger =
      R"({"arrivals":0,"completed":0,"reset":0,"cut":0,"garbage":0,"abandoned":0,"open":0,"duplicates":0,)"
      R"("in_flight_peak":0,"connections_new":0,"arrival_error_ns":26,"clock_stepped":true,"calls":[]})";
  EXPECT_EQ(parse_ledger(ledger).arrival_error, 26ns);
  EXPECT_TRUE(parse_ledger(ledger).clock_stepped);
}
TEST(Clock, ThatIsNotSharedLeavesDurations) {
  const Case c = gather_case();
  Made made = perfect(c);
  shift_ledger(made, 1h);
  made.outcome.clock.shared = false;
  EXPECT_EQ(verdict_on(c, made), "");
  made.records[2].finished = 30ms;  // begun at 1 us
  EXPECT_THAT(verdict_on(c, made),
              HasSubstr("call 2 is recorded as answered within 29.999ms, but the server took 30ms"));
}

TEST(TaskGroup, IsContentWithCallsThatWereNeverBegun) {
  const Case c = task_group_case();  // one after another, until call 2 fails
  const Nanoseconds second = 1us + delay(c, 0), third = second + delay(c, 1);
  Made made = served(c, {{0, 1us}, {1, second}, {2, third}});
  made.outcome.chosen = 2;
  EXPECT_EQ(verdict_on(c, made), "");
  EXPECT_EQ(specification_of("task_group").decided(c, {.records = made.records, .chosen = 2}),
            made.records[2].finished);
  made.outcome.chosen = 1;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("call 1 was reported as failed, but succeeds by plan"));
}
TEST(TaskGroup, TakesTheFirstFailureFromTheLedger) {
  const Case c = task_group_case();
  Made made = served(c, {{3, 1us}});  // which is not the plan's earliest, but the others never began
  made.outcome.chosen = 3;
  made.ledger.in_flight_peak = 1;
  EXPECT_EQ(verdict_on(c, made, 1), "");
}
TEST(TaskGroup, RefusesACallBegunAfterTheFailure) {
  const Case c = task_group_case();
  Made made = served(c, {{2, 1us}, {1, 1us + delay(c, 2) + 20ms}});
  made.outcome.chosen = 2;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("call 1 was begun 19.999ms after the failure of call 2"));
}
TEST(TaskGroup, RefusesAFailureWhereNoneIsPlanned) {
  Case c = task_group_case();
  c.plan.failures = {};
  Made made = served(c, {{0, 1us}, {1, 1us}, {2, 1us}, {3, 1us}, {4, 1us}});
  EXPECT_EQ(verdict_on(c, made), "");
  made.outcome.chosen = 0;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("call 0 was reported as failed"));
}
TEST(TaskGroup, RefusesASiblingThatIsNeitherAsPlannedNorCancelledOnce) {
  const Case c = task_group_case();
  Made made = served(c, {{0, 1us}, {2, 1us}, {3, 1us}});
  made.outcome.chosen = 2;
  give_up(made, 3, Verdict::transport_error, 1us + delay(c, 2));
  EXPECT_THAT(verdict_on(c, made), HasSubstr("call 3 ended in transport_error, expected http_error"));
  made.records[3].verdict = Verdict::cancelled;
  EXPECT_EQ(verdict_on(c, made), "");
  made.records[3].attempts = 2;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("call 3 was attempted 2 times, expected once"));
}
TEST(TaskGroup, RefusesAPlanWithTwoFirstFailures) {
  Case c = task_group_case();
  c.plan.delay = FixedDelay{30ms};
  EXPECT_THAT(specification_of("task_group").refuse(c).value_or(""), HasSubstr("are 0ms apart"));
}

TEST(Drain, LastsUntilTheLastCallInFlightOrTheEndOfTheGrace) {
  const Specification& drain = specification_of("drain");
  Case c = drain_case();
  EXPECT_EQ(drain.ideal(c), 130ms);  // two calls take longer than the grace
  EXPECT_EQ(drain.in_flight(c), 4);  // at 80 ms: calls 1 to 4, where the signal of 70 ms is taken late
  c.plan.delay = FixedDelay{30ms};
  EXPECT_EQ(drain.ideal(c), 90ms);  // the call that came at 60 ms
  c.plan.delay = FixedDelay{5ms};
  EXPECT_EQ(drain.ideal(c), 70ms);
}
TEST(Drain, RefusesAPlanThatShowsNoDraining) {
  const Specification& drain = specification_of("drain");
  EXPECT_EQ(drain.refuse(drain_case()), std::nullopt);
  Case c = drain_case();
  c.scenario.calls = 4;
  EXPECT_THAT(drain.refuse(c).value_or(""), HasSubstr("the last call comes after 60ms"));
  c = drain_case();
  c.plan.delay = FixedDelay{500ms};
  EXPECT_THAT(drain.refuse(c).value_or(""),
              HasSubstr("no call in flight at the signal ends within the grace"));
  c = drain_case();
  c.plan.delay = FixedDelay{50ms};
  EXPECT_THAT(drain.refuse(c).value_or(""), HasSubstr("to tell whether it is"));
}
TEST(Crawl, LastsUntilAllIsReadOrTheBudgetIsOver) {
  const Specification& crawl = specification_of("crawl");
  Case c = crawl_case();  // each worker has 12 pages, and 8 of them 2 CPUs: the last has its first 3 ms late
  EXPECT_EQ(crawl.ideal(c), 12 * 21ms + 3ms);
  EXPECT_EQ(crawl.completes(c), 96);
  EXPECT_EQ(crawl.in_flight(c), 8);
  EXPECT_EQ(crawl.least(c), 12 * 20750us);
  c = crawl_case(200ms);  // ten pages of each worker have been begun
  EXPECT_EQ(crawl.ideal(c), 10 * 21ms + 3ms);
  EXPECT_EQ(crawl.completes(c), 80);
  EXPECT_EQ(crawl.least(c), 200ms);
  c.scenario.grace = 5ms;  // the tenth is given up
  EXPECT_EQ(crawl.ideal(c), 205ms);
  EXPECT_EQ(crawl.completes(c), 72);
  c = crawl_case(214ms);  // an eleventh of each is in flight
  c.scenario.grace = 0ms;
  EXPECT_EQ(crawl.ideal(c), 214ms);
  EXPECT_EQ(crawl.completes(c), 80);
}
TEST(Crawl, WaitsForWorkWhereThereAreTooFewCpus) {
  Case c = crawl_case();
  c.work = 10ms;
  EXPECT_EQ(specification_of("crawl").ideal(c), 20ms + 48 * 10ms);
  EXPECT_EQ(specification_of("crawl").least(c), 48 * 7500us);
}
TEST(Crawl, RefusesListingsThatItsHostsCannotShare) {
  const Specification& crawl = specification_of("crawl");
  EXPECT_EQ(crawl.refuse(crawl_case()), std::nullopt);
  Case c = crawl_case();
  c.scenario.hosts = 5;
  EXPECT_THAT(crawl.refuse(c).value_or(""),
              HasSubstr("96 calls are not listings of 4 for each of 5 hosts: choose a multiple of 20"));
  c = crawl_case();
  c.plan.failures = {.rate = 1};
  EXPECT_THAT(crawl.refuse(c).value_or(""), HasSubstr("fails by plan"));
}
TEST(Bridge, LastsAsLongAsTheSlowestCaller) {
  Case c = with_pattern(bridge_case(), "ffssff");  // of two callers: 30 + 30 + 100 ms, 100 + 30 + 30 ms
  EXPECT_EQ(specification_of("bridge").ideal(c), 160ms);
  c = with_pattern(bridge_case(), "fffssf");
  EXPECT_EQ(specification_of("bridge").ideal(c), 230ms);
  EXPECT_EQ(specification_of("bridge").in_flight(c), 2);
}
TEST(Bridge, RefusesCallsThatItsCallersCannotShare) {
  const Specification& bridge = specification_of("bridge");
  EXPECT_EQ(bridge.refuse(bridge_case()), std::nullopt);
  Case c = bridge_case();
  c.scenario.calls = 8;
  c.scenario.callers = 3;
  bridge.settle(c);
  EXPECT_THAT(bridge.refuse(c).value_or(""),
              HasSubstr("8 calls cannot be shared out evenly among 3 callers"));
}
TEST(Hedged, LastsAsLongAsTheSlowestCallOrItsCopy) {
  const Specification& hedged = specification_of("hedged");
  Case c = hedged_case();  // 30 ms; two calls of 500 ms, whose copies take 30 ms, after 120 ms
  EXPECT_EQ(hedged.ideal(c), 150ms);
  EXPECT_EQ(hedged.in_flight(c), 6);
  c.scenario.copies = 1;
  EXPECT_EQ(hedged.ideal(c), 500ms);
  EXPECT_EQ(hedged.in_flight(c), 5);
  c.scenario.hedge_after = 490ms;
  c.scenario.copies = 4;
  EXPECT_EQ(hedged.ideal(c), 500ms);  // the copies would be later
}
TEST(Hedged, RefusesAPlanInWhichACallMayBeSlowOrNot) {
  const Specification& hedged = specification_of("hedged");
  EXPECT_EQ(hedged.refuse(hedged_case()), std::nullopt);
  Case c = hedged_case();
  c.scenario.hedge_after = 35ms;
  EXPECT_THAT(hedged.refuse(c).value_or(""), HasSubstr("call 0 is due 5ms from the time of its copy"));
}
TEST(Hedged, HasABudgetOfAShareOfItsCalls) {
  const auto settle = specification_of("hedged").settle;
  Case c = hedged_case();
  c.scenario.calls = 100;
  for (const auto& [share, copies] :
       std::map<double, std::uint32_t>{{0, 0}, {0.05, 5}, {0.29, 29}, {1, 100}}) {
    c.hedge_budget = share;
    settle(c);
    EXPECT_EQ(c.scenario.copies, copies) << share;
  }
}

TEST(Page, LastsAsLongAsItsSlowestCallOrItsCopyWithinTheDeadline) {
  const Specification& page = specification_of("page");
  Case c = page_case();  // 30 ms; in each page a call of 500 ms, whose copy takes 30 ms, after 120 ms
  EXPECT_EQ(page.ideal(c), 150ms);
  EXPECT_EQ(page.in_flight(c), 8);
  c.scenario.copies = 1;
  EXPECT_EQ(page.ideal(c), 500ms);
  EXPECT_EQ(page.in_flight(c), 5);
  c.scenario.deadline = 200ms;
  EXPECT_EQ(page.ideal(c), 200ms);
  c.scenario.copies = 4;
  EXPECT_EQ(page.ideal(c), 150ms);
}
TEST(Page, RefusesPagesThatAreNotWholeAndABudgetForNothing) {
  const Specification& page = specification_of("page");
  EXPECT_EQ(page.refuse(page_case()), std::nullopt);
  Case c = page_case();
  c.scenario.services = 3;
  EXPECT_EQ(page.refuse(c), "4 calls are not pages of 3: choose a multiple");
  c = page_in_time_case();
  EXPECT_EQ(page.refuse(c), std::nullopt);
  c.hedge_budget = 0.05;
  EXPECT_THAT(page.refuse(c).value_or(""), HasSubstr("copies for 0.05 of the calls, but no hedge_after"));
}

/// What is said of two calls, each with the attempts that are given: when it started and ended, and how. Of a
/// page of two, hedged after 120 ms as far as `copies` go, with this deadline.
struct MadeAttempt {
  Nanoseconds started, finished;
  Verdict verdict = Verdict::ok;
};
std::string verdict_on_page(Nanoseconds takes, std::uint32_t copies, Nanoseconds deadline,
                            std::vector<std::vector<MadeAttempt>> calls) {
  Case c = a_case("page", 2);
  c.plan.delay = FixedDelay{takes};
  c.scenario.services = c.scenario.attempts = 2;
  c.scenario.hedge_after = 120ms;
  c.scenario.copies = copies;
  c.scenario.deadline = deadline;
  Made made;
  made.records.resize(2);
  made.attempts.resize(4);
  Recorder settling(made.records, made.attempts);
  for (CallId id = 0; id < 2; ++id) {
    for (Attempt attempt = 0; attempt < calls[id].size(); ++attempt) {
      const auto& [started, finished, verdict] = calls[id][attempt];
      const bool ok = verdict == Verdict::ok;
      made.attempts[2 * id + attempt] = {.started = started,
                                         .finished = finished,
                                         .answer = ok ? planned_reply(c.plan, id, attempt).answer : 0,
                                         .status = static_cast<std::uint16_t>(ok ? 200 : 0),
                                         .verdict = verdict};
      const Nanoseconds due = started + takes;
      made.ledger.calls.push_back({.id = id,
                                   .attempt = attempt,
                                   .arrived = started,
                                   .due = due,
                                   .ended = std::min(due, finished),
                                   .ending = due <= finished ? Ending::completed : Ending::abandoned});
      made.outcome.makespan = std::max(made.outcome.makespan, finished);
    }
    settling.settle(id);
  }
  made.ledger.arrivals = made.ledger.in_flight_peak = made.ledger.calls.size();
  return verdict_on(c, made);
}

TEST(Page, MayHedgeACallOfWhichItCannotBeToldWhetherItIsSlow) {
  const std::vector<MadeAttempt> alone = {{0ms, 130ms}},
                                 hedged = {{0ms, 130ms}, {120ms, 130ms, Verdict::cancelled}};
  EXPECT_EQ(verdict_on_page(130ms, 2, 0ms, {alone, alone}), "");
  EXPECT_EQ(verdict_on_page(130ms, 2, 0ms, {alone, hedged}), "");
  EXPECT_EQ(verdict_on_page(130ms, 1, 0ms, {alone, hedged}), "");
  EXPECT_EQ(verdict_on_page(130ms, 1, 0ms, {hedged, hedged}),
            "2 calls were hedged, and the budget is 1 copies");
  const std::vector<MadeAttempt> slow = {{0ms, 150ms}},
                                 copied = {{0ms, 150ms}, {120ms, 150ms, Verdict::cancelled}};
  EXPECT_THAT(verdict_on_page(150ms, 2, 0ms, {slow, copied}),
              HasSubstr("1 slow calls were hedged, expected 2"));
  EXPECT_EQ(verdict_on_page(150ms, 1, 0ms, {slow, copied}), "");
  EXPECT_EQ(verdict_on_page(150ms, 2, 125ms,
                            {{{0ms, 125ms, Verdict::timed_out}}, {{0ms, 125ms, Verdict::timed_out}}}),
            "");  // it may have gone out before the copies were due
}
TEST(Page, MayGiveUpACallOfWhichItCannotBeToldWhetherItIsLate) {
  const auto verdict = [](Nanoseconds takes, Nanoseconds ended, Verdict how) {
    const std::vector<MadeAttempt> call = {{0ms, ended, how}};
    return verdict_on_page(takes, 0, 100ms, {call, call});
  };
  for (const Nanoseconds takes : {90ms, 110ms}) {
    EXPECT_EQ(verdict(takes, takes, Verdict::ok), "");
    EXPECT_EQ(verdict(takes, 100ms, Verdict::timed_out), "");
  }
  EXPECT_EQ(verdict(70ms, 100ms, Verdict::timed_out),
            "call 0 timed out, but the server had replied 30ms before its page's deadline");
  EXPECT_EQ(verdict(130ms, 130ms, Verdict::ok),
            "2 of 2 calls that were due after their page's deadline were waited for");
  EXPECT_EQ(verdict(230ms, 230ms, Verdict::ok),
            "call 0 ended in ok, expected timed_out: its reply was due 130ms after its page's deadline");
  EXPECT_EQ(verdict(110ms, 80ms, Verdict::timed_out), "call 0 was given up 20ms before its page's deadline");
  EXPECT_EQ(verdict(500ms, 140ms, Verdict::timed_out), "");  // late, but given up
  EXPECT_EQ(verdict_on_page(110ms, 0, 0ms, {{{0ms, 110ms}}, {{0ms, 100ms, Verdict::timed_out}}}),
            "call 1 ended with none of its attempts' replies");
}

TEST(RateLimited, LetsACallPassWhenTheBucketHasRoomAndAWorkerIsFree) {
  const Specification& limited = specification_of("rate_limited");
  Case c = rate_limited_case();  // 6 calls of 30 ms, one each 50 ms
  EXPECT_EQ(limited.ideal(c), 280ms);
  EXPECT_EQ(limited.least(c), 280ms);
  c.plan.capacity.burst = 3;  // three at once, the others after 50, 100 and 150 ms
  EXPECT_EQ(limited.ideal(c), 180ms);
  EXPECT_EQ(limited.least(c), 180ms);
  c.scenario.limit = 1;  // one after another: the sixth could pass long before its worker is free
  EXPECT_EQ(limited.ideal(c), 180ms);
  c.plan.delay = FixedDelay{80ms};
  EXPECT_EQ(limited.ideal(c), 480ms);
}
TEST(RateLimited, HasOneDelayForAllAttemptsOfACall) {
  Case c = rate_limited_case();
  c.plan.delay = UniformDelay{10ms, 90ms};
  for (CallId id = 0; id < c.scenario.calls; ++id) EXPECT_EQ(delay(c, id, 7), delay(c, id));
  EXPECT_NE(delay(c, 0), delay(c, 1));
  EXPECT_LE(specification_of("rate_limited").least(c), specification_of("rate_limited").ideal(c));
}
TEST(RateLimited, RefusesABackoffThatIsNone) {
  Case c = rate_limited_case();
  EXPECT_EQ(specification_of("rate_limited").refuse(c), std::nullopt);
  c.scenario.heeds_retry_after = false;
  EXPECT_THAT(specification_of("rate_limited").refuse(c).value_or(""), HasSubstr("without a backoff"));
}
TEST(RateLimited, RefusesMoreWorkersThanAttemptsAreCounted) {
  const Specification& limited = specification_of("rate_limited");
  Case c = rate_limited_case();
  c.scenario.calls = 1000;
  for (const std::uint32_t limit : {117, 118}) {
    c.scenario.limit = limit;
    limited.settle(c);
    EXPECT_LE(c.scenario.attempts, 255);
    EXPECT_EQ(limited.refuse(c).has_value(), limit == 118) << limit;
  }
}
TEST(LlmClient, TakesItsWorkersUntilTheLastToken) {
  const Specification& llm = specification_of("llm_client");
  Case c = llm_client_case();  // 6 prompts of 30 ms and 4 × 25 ms, one each 50 ms, by three workers
  EXPECT_EQ(llm.ideal(c), 5 * 50ms + 130ms);
  c.scenario.limit = 1;
  EXPECT_EQ(llm.ideal(c), 6 * 130ms);
  c.plan.stream.interval = 5ms;
  EXPECT_THAT(llm.refuse(c).value_or(""), HasSubstr("5 events, one each 5ms, come within 20ms"));
}
TEST(RateLimited, TakesAsServedWhatPassed) {
  Case c = rate_limited_case();
  c.scenario.calls = 1;
  const Ledger ledger{
      .calls = {{0, 0, 10ms, 10ms, 11ms, Ending::refused}, {0, 1, 60ms, 90ms, 95ms, Ending::completed}}};
  EXPECT_EQ(specification_of("rate_limited").served_ideal(c, ledger), 35ms);
}
TEST(RateLimited, WaitsAsLongAsTheServerSaysOrAsItLikes) {
  Scenario scenario{.backoff = 10ms};
  EXPECT_EQ(backoff(scenario, 0, 0, 70ms), 70ms);
  scenario.heeds_retry_after = false;
  EXPECT_LE(backoff(scenario, 0, 0, 70ms), 10ms);
}

TEST(Stream, LastsUntilItsLastEvent) {
  const Specification& stream = specification_of("stream");
  Case c = stream_case();  // 30 ms, then four more events, one each 25 ms
  EXPECT_EQ(stream.ideal(c), 130ms);
  c.plan.stream.events = 1;
  EXPECT_EQ(stream.ideal(c), 30ms);
}
TEST(Stream, LastsUntilItIsGivenUpAtMost) {
  const Specification& stream = specification_of("stream");
  Case c = cancelled_stream_case();  // 30 ms, then 19 more events, one each 25 ms
  EXPECT_EQ(stream.ideal(c), 190ms);
  EXPECT_EQ(stream.least(c), 190ms);
  EXPECT_EQ(stream.refuse(c), std::nullopt);
  c.scenario.deadline = 1s;
  EXPECT_EQ(stream.ideal(c), 505ms);
  EXPECT_EQ(stream.refuse(c), std::nullopt);
  c.scenario.deadline = 515ms;
  EXPECT_THAT(stream.refuse(c).value_or(""),
              HasSubstr("call 0 is due 10ms from where its last event would come with the cancellation"));
  c.scenario.deadline = 450ms;
  EXPECT_THAT(stream.refuse(c).value_or(""), HasSubstr("the last reply is due 55ms after the rest"));
  c.scenario.deadline = 130ms;
  c.plan.capacity.slots = 1;
  EXPECT_THAT(stream.refuse(c).value_or(""), HasSubstr("cancel_after with slots"));
}
TEST(Stream, BringsNoMoreEventsThanWereSent) {
  Case c = stream_case();
  c.plan.stream.events = 1;
  Made made = perfect(c);
  for (CallId id = 0; id < c.scenario.calls; ++id)
    made.outcome.events.push_back({30ms + 15us, id, 0, planned_reply(c.plan, id, 0).answer});
  EXPECT_THAT(verdict_on(c, made), HasSubstr("does not tell how many events it sent"));
  made.ledger.events_sent = 3;
  EXPECT_EQ(verdict_on(c, made), "");
  made.ledger.events_sent = 2;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("3 events are recorded, but the server sent 2"));
}
TEST(Stream, RefusesTooShortStreamsToTellHowTheyAreTaken) {
  const Specification& stream = specification_of("stream");
  EXPECT_EQ(stream.refuse(stream_case()), std::nullopt);
  Case c = stream_case();
  c.plan.stream.interval = 20ms;
  EXPECT_THAT(stream.refuse(c).value_or(""),
              HasSubstr("5 events, one each 20ms, come within 80ms, expected more than 80ms, or one event"));
  c.plan.stream.events = 1;
  EXPECT_EQ(stream.refuse(c), std::nullopt);
}

/// A perfect outcome of a broadcast: each subscriber has each message a millisecond after it was said.
Made delivered(const Case& c) {
  Made made;
  made.outcome.makespan = 1s;
  const std::uint32_t messages = c.scenario.messages;
  for (std::uint32_t n = 0; n < messages; ++n) {
    const Nanoseconds said = 10ms + n * c.scenario.interval;
    made.outcome.events.push_back({said, Recorder::none, n, message_value(c.scenario, n)});
    for (CallId id = 0; id < c.scenario.calls; ++id)
      made.outcome.events.push_back({said + 1ms, id, n, message_value(c.scenario, n)});
  }
  const CallRecord whole{.started = 1ms,
                         .finished = 900ms,
                         .answer = message_value(c.scenario, messages - 1),
                         .verdict = Verdict::ok,
                         .attempts = 1};
  made.records.assign(c.scenario.calls, whole);
  made.ledger.messages = {.in = messages,
                          .due = std::uint64_t{messages} * c.scenario.calls,
                          .out = std::uint64_t{messages} * c.scenario.calls,
                          .fan_out = 2ms};
  return made;
}

TEST(Broadcast, LastsUntilItsLastMessage) {
  const Specification& broadcast = specification_of("broadcast");
  Case c = broadcast_case();  // four messages, one each 60 ms
  EXPECT_EQ(broadcast.ideal(c), 180ms);
  EXPECT_EQ(broadcast.served_ideal(c, delivered(c).ledger), 182ms);  // the server took its time
  EXPECT_EQ(broadcast.least(c), 180ms);
  c.scenario.messages = 1;
  EXPECT_EQ(broadcast.ideal(c), 0ms);
}
TEST(Broadcast, RefusesTooFewMessagesToTellHowTheyAreTaken) {
  const Specification& broadcast = specification_of("broadcast");
  EXPECT_EQ(broadcast.refuse(broadcast_case()), std::nullopt);
  Case c = broadcast_case();
  c.scenario.interval = 20ms;
  EXPECT_THAT(broadcast.refuse(c).value_or(""), HasSubstr("4 messages, one each 20ms, come within 60ms"));
  c.scenario.messages = 1;
  EXPECT_EQ(broadcast.refuse(c), std::nullopt);
}
TEST(Broadcast, IsOfSubscribersThatAllHeardAll) {
  const Case c = broadcast_case();
  EXPECT_EQ(verdict_on(c, delivered(c)), "");
  const auto changed = [&](auto change) {
    Made made = delivered(c);
    change(made);
    return verdict_on(c, made);
  };
  EXPECT_THAT(changed([](Made& m) { m.records[1].verdict = Verdict::transport_error; }),
              HasSubstr("subscriber 1 ended in transport_error, expected ok"));
  EXPECT_THAT(changed([](Made& m) { m.records[1].attempts = 2; }), HasSubstr("entered 2 times"));
  EXPECT_THAT(changed([](Made& m) { m.outcome.events.pop_back(); }),
              HasSubstr("subscriber 2: 3 messages came, expected 4"));
  EXPECT_THAT(changed([](Made& m) { m.outcome.events[4].value ^= 1; }),
              HasSubstr("the publisher: message 1 brought"));
  EXPECT_THAT(changed([](Made& m) { m.outcome.events[4].at -= 1ns; }),
              HasSubstr("message 1 was said 1ns before it was due"));
  EXPECT_THAT(changed([](Made& m) { m.outcome.events[5].at -= 1001us; }),
              HasSubstr("subscriber 0: message 1 was recorded 1us before it was said"));
  EXPECT_THAT(changed([](Made& m) { m.ledger.arrivals = 1; }), HasSubstr("expected none beside"));
  EXPECT_THAT(changed([](Made& m) { m.ledger.messages.out = 11; }), HasSubstr("and brought 11, expected"));
}
TEST(Broadcast, ForgivesSomeLateness) {
  const Case c = broadcast_case();
  const auto with_late = [&](int late) {  // of six that were said more than 80 ms before the last
    Made made = delivered(c);
    for (EventRecord& event : made.outcome.events) {
      if (event.id != Recorder::none && event.number < 2 && late-- > 0) event.at += 80ms;
    }
    return verdict_on(c, made);
  };
  EXPECT_EQ(with_late(3), "");
  EXPECT_THAT(with_late(4), HasSubstr("4 of 6 messages were recorded more than 80ms after they were said"));
}
TEST(Broadcast, JudgesNobodyByMessagesSaidInOneGo) {
  const Case c = broadcast_case();
  Made made = delivered(c);  // messages 1 and 2, due at 70 and 130 ms, are held up until just before the last
  for (EventRecord& event : made.outcome.events) {
    if (event.number == 1) event.at += 119ms;
    if (event.number == 2) event.at += 59500us;
  }
  EXPECT_EQ(verdict_on(c, made), "");
}

TEST(Shield, LastsAsLongAsItsCriticalCalls) {
  const Specification& shield = specification_of("shield");
  Case c = shield_case();  // critical: 30 ms and 500 ms; the others: 500 ms and 30 ms; cancelled after 120 ms
  EXPECT_EQ(shield.ideal(c), 500ms);
  c.scenario.critical_every = 4;  // call 0 alone, which takes 30 ms
  EXPECT_EQ(shield.ideal(c), 120ms);
  c.plan.delay = FixedDelay{30ms};
  EXPECT_EQ(shield.ideal(c), 30ms);
}
TEST(Shield, RefusesAPlanThatShowsNoShield) {
  const Specification& shield = specification_of("shield");
  EXPECT_EQ(shield.refuse(shield_case()), std::nullopt);
  Case c = shield_case();
  c.scenario.critical_every = 4;
  EXPECT_THAT(shield.refuse(c).value_or(""),
              HasSubstr("2 calls are cancelled and 0 critical ones outlast that"));
  c = shield_case();
  c.scenario.deadline = 35ms;
  EXPECT_THAT(shield.refuse(c).value_or(""), HasSubstr("call 0 is due 5ms from the deadline"));
  c = shield_case();
  c.plan.delay = BimodalDelay{30ms, 200ms, 0.5};
  EXPECT_THAT(shield.refuse(c).value_or(""), HasSubstr("is due 80ms after"));
}

TEST(Timeout, RefusesALateCallThatWasMadeTwice) {
  const Case c = timeout_case();
  Made made = served(c, {{0, 1us}, {1, 1us}, {2, 1us}, {3, 1us}});
  give_up(made, 1, Verdict::timed_out, 121ms);
  give_up(made, 3, Verdict::timed_out, 121ms);
  made.records[3].attempts = 2;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("call 3 was attempted 2 times"));
}
TEST(Timeout, IsDecidedAtTheLastDeadline) {
  const auto decided = specification_of("timeout").decided;
  Case c = timeout_case(Scope::call);
  Made made = served(c, {{0, 1us}, {1, 5ms}, {2, 1us}, {3, 9ms}});
  give_up(made, 1, Verdict::timed_out, 126ms);
  give_up(made, 3, Verdict::timed_out, 130ms);
  EXPECT_EQ(verdict_on(c, made), "");
  EXPECT_EQ(decided(c, {.records = made.records}), 9ms - 1us + 120ms);
  c.scenario.scope = Scope::group;
  EXPECT_EQ(decided(c, {.records = made.records}), 120ms);
  EXPECT_EQ(decided(c, {.records = perfect(c).records}), std::nullopt);
}
TEST(Timeout, AllowsTheNextCallWhileTheServerStillSeesTheOneGivenUp) {
  Case c = timeout_case();
  Made made = served(c, {{0, 1us}, {1, 35ms}, {2, 160ms}, {3, 200ms}});
  give_up(made, 1, Verdict::timed_out, 156ms);
  give_up(made, 3, Verdict::timed_out, 320ms);
  made.ledger.connections_new = 2;
  const auto verdict = [&](std::uint64_t peak) {
    made.ledger.in_flight_peak = peak;
    made.outcome.records = made.records;
    return verify(specification_of("timeout"), c, 1, made.outcome, made.ledger).value_or("");
  };
  EXPECT_EQ(verdict(2), "");
  EXPECT_EQ(verdict(3), "");
  made.ledger.connections_new = 3;
  EXPECT_THAT(verdict(2), HasSubstr("3 connections were opened, expected at most 2"));
  made.ledger.connections_new = 2;
  made.records[1].finished = made.ledger.calls[1].ended =
      170ms;  // call 2 was begun before call 1 was given up
  EXPECT_THAT(verdict(2), HasSubstr("2 calls were in flight at once, expected at most 1"));
}
TEST(Timeout, ExpectsThePeakWithinTheDeadlineOnly) {
  Case c = timeout_case();
  c.plan.delay = FixedDelay{500ms};  // ample time to begin four calls, were it not for the deadline
  c.scenario.deadline = 50ms;
  Made made = served(c, {{0, 1us}, {1, 1us}, {2, 60ms}, {3, 60ms}});
  for (CallId id = 0; id < 4; ++id) give_up(made, id, Verdict::timed_out, made.records[id].started + 51ms);
  made.ledger.in_flight_peak = 2;
  EXPECT_EQ(verdict_on(c, made), "");
}
TEST(Timeout, SaysOnWhichSideOfTheReplyACallWasGivenUp) {
  const Case c = timeout_case();
  const auto verdict = [&c](Nanoseconds arrived) {
    Made made = served(c, {{0, arrived}, {1, 1us}, {2, 1us}, {3, 1us}});
    made.records[0].intended = made.records[0].started = 1us;
    for (const CallId id : {0, 1, 3}) give_up(made, id, Verdict::timed_out, 121ms);
    return verdict_on(c, made);
  };
  EXPECT_THAT(verdict(1ms), HasSubstr("its reply was due 90ms before it was given up"));
  EXPECT_THAT(verdict(95ms), HasSubstr("so late that its reply was due 4ms after it was given up"));
}
TEST(Timeout, GoesByDurationsWhereClocksAreNotShared) {
  const Case c = timeout_case();
  Made made = served(c, {{0, 1us}, {1, 1us}, {2, 1us}, {3, 1us}});
  give_up(made, 1, Verdict::timed_out, 121ms);
  give_up(made, 3, Verdict::timed_out, 121ms);
  shift_ledger(made, 1h);
  made.outcome.clock.shared = false;
  EXPECT_EQ(verdict_on(c, made), "");
  made.ledger.calls[1].ended += 101ms;
  EXPECT_EQ(verdict_on(c, made), "");
  made.ledger.calls[1].ended += 2ms;  // 120 ms, and 102 ms to notice
  EXPECT_THAT(verdict_on(c, made), HasSubstr("call 1 was not given up"));
  made.outcome.clock = {.offset = 1h};
  EXPECT_THAT(verdict_on(c, made), HasSubstr("call 1 was not given up"));
  made.outcome.clock.uncertainty = 2ms;
  EXPECT_EQ(verdict_on(c, made), "");
}
TEST(Timeout, RefusesAPlanWithDelaysNearTheDeadline) {
  Case c = timeout_case();
  EXPECT_EQ(specification_of("timeout").refuse(c), std::nullopt);
  c.scenario.deadline = 49ms;
  EXPECT_THAT(specification_of("timeout").refuse(c).value_or(""),
              HasSubstr("call 0 is due 19ms from the deadline"));
}

TEST(WorkerPool, RefusesAnOutcomeWithoutWorkers) {
  const Case c = worker_pool_case();
  Made made = served(c, {{0, 1us}, {1, 1us}, {2, 31ms}, {3, 31ms}, {4, 62ms}, {5, 62ms}});
  EXPECT_EQ(verdict_on(c, made), "no worker was recorded");
  made.outcome.tasks_peak = 2;
  EXPECT_EQ(verdict_on(c, made), "");
  made.outcome.tasks_peak = 3;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("3 tasks existed at once"));
}

/// Five items, one consumer, put and taken at these times by one producer.
struct Passed {
  CallId id = 0;
  Nanoseconds put{}, arrived{};
};
std::string verdict_on_queue(Order order, const std::vector<Passed>& items, std::uint32_t producers = 1,
                             const SharedClock& clock = {}) {
  Case c = producer_consumer_case(order);
  c.scenario.calls = static_cast<std::uint32_t>(items.size());
  c.scenario.consumers = 1;
  c.scenario.producers = producers;
  std::vector<std::pair<CallId, Nanoseconds>> arrivals;
  for (const Passed& item : items) arrivals.emplace_back(item.id, item.arrived);
  Made made = served(c, arrivals);
  for (const Passed& item : items) made.records[item.id].intended = item.put;
  made.outcome.clock = clock;
  return verdict_on(c, made);
}
TEST(ProducerConsumer, SeesAsMuchOfTheQueueAsTheClocksAllow) {
  const std::vector<Passed> wrong = {{0, 0ms, 1ms}, {1, 1ms, 110ms}, {2, 30ms, 55ms}};
  EXPECT_THAT(verdict_on_queue(Order::fifo, wrong, 2), HasSubstr("taken from the queue before"));
  EXPECT_THAT(verdict_on_queue(Order::fifo, wrong, 2, {.uncertainty = 5ms}),
              HasSubstr("taken from the queue"));
  EXPECT_EQ(verdict_on_queue(Order::fifo, wrong, 2, {.uncertainty = 25ms}), "");
  EXPECT_EQ(verdict_on_queue(Order::fifo, wrong, 2, {.shared = false}), "");
}
TEST(ProducerConsumer, KnowsFifo) {
  EXPECT_EQ(verdict_on_queue(Order::fifo, {{0, 0ms, 1ms}, {1, 1ms, 55ms}, {2, 2ms, 110ms}}), "");
  EXPECT_THAT(verdict_on_queue(Order::fifo, {{0, 0ms, 1ms}, {1, 1ms, 110ms}, {2, 2ms, 55ms}}),
              HasSubstr("call 2 was taken from the queue before call 1"));
  // Of two producers' items, put at nearly the same time, nobody knows which was first.
  EXPECT_EQ(verdict_on_queue(Order::fifo, {{0, 0ms, 1ms}, {1, 1ms, 110ms}, {2, 2ms, 55ms}}, 2), "");
  EXPECT_THAT(verdict_on_queue(Order::fifo, {{0, 0ms, 1ms}, {1, 1ms, 110ms}, {2, 30ms, 55ms}}, 2),
              HasSubstr("call 2 was taken from the queue before call 1"));
}
TEST(ProducerConsumer, KnowsLifo) {
  EXPECT_EQ(verdict_on_queue(Order::lifo, {{0, 0ms, 1ms}, {1, 1ms, 110ms}, {2, 2ms, 55ms}}), "");
  EXPECT_THAT(verdict_on_queue(Order::lifo, {{0, 0ms, 1ms}, {1, 1ms, 55ms}, {2, 2ms, 110ms}}),
              HasSubstr("call 1 was taken from the queue before call 2"));
  // The newer one came too late to be taken first for certain.
  EXPECT_EQ(verdict_on_queue(Order::lifo, {{0, 0ms, 1ms}, {1, 1ms, 55ms}, {2, 41ms, 110ms}}), "");
}
TEST(ProducerConsumer, KnowsPriorities) {
  const Case c = producer_consumer_case(Order::priority);
  const bool second = priority(c.scenario, 1) > priority(c.scenario, 2);
  const CallId first = second ? 1 : 2, last = second ? 2 : 1;
  const auto put = [](CallId id) { return id * 1ms; };
  EXPECT_EQ(
      verdict_on_queue(Order::priority, {{0, 0ms, 1ms}, {first, put(first), 55ms}, {last, put(last), 110ms}}),
      "");
  EXPECT_THAT(
      verdict_on_queue(Order::priority, {{0, 0ms, 1ms}, {first, put(first), 110ms}, {last, put(last), 55ms}}),
      HasSubstr("against its order"));
}
TEST(ProducerConsumer, KnowsTheDepth) {  // at most three, and one that the consumer has
  const auto fifth_put = [](Nanoseconds at) {
    return verdict_on_queue(
        Order::fifo, {{0, 0ms, 1ms}, {1, 0ms, 55ms}, {2, 0ms, 110ms}, {3, 1ms, 165ms}, {4, at, 220ms}});
  };
  EXPECT_EQ(fifth_put(51ms), "");
  EXPECT_EQ(fifth_put(36ms), "");
  EXPECT_EQ(fifth_put(35ms), "4 items were in the queue when call 4 was put, expected at most 3");
}
TEST(ProducerConsumer, BlamesNobodyForASlowWayToTheServer) {
  Case c = producer_consumer_case(Order::fifo);  // two consumers
  c.scenario.calls = 4;
  const auto taken = [&](const std::vector<std::pair<CallId, Nanoseconds>>& arrivals) {
    Made made = served(c, arrivals);
    for (CallRecord& record : made.records) record.intended = {};
    return verdict_on(c, made);
  };
  // Both come free at 51 ms. One takes call 2 and is slow, the other takes call 3.
  EXPECT_EQ(taken({{0, 1ms}, {1, 1ms}, {3, 52ms}, {2, 100ms}}), "");
  // Both have calls again at 61 ms, and call 2 is not one of them.
  c.scenario.calls = 5;
  EXPECT_THAT(taken({{0, 1ms}, {1, 1ms}, {3, 52ms}, {4, 61ms}, {2, 103ms}}),
              HasSubstr("call 3 was taken from the queue before call 2"));
}
/// So many that looking at all that wait, for each that is taken, would take longer than a test may.
TEST(ProducerConsumer, LooksThroughALongQueue) {
  for (const Order order : {Order::fifo, Order::lifo, Order::priority}) {
    Case c = producer_consumer_case(order);
    c.plan.delay = FixedDelay{30ms};
    c.scenario.calls = c.scenario.capacity = 400'000;
    c.scenario.consumers = 100;
    std::vector<CallId> ids(c.scenario.calls);
    std::iota(ids.begin(), ids.end(), CallId{0});
    const auto rest = std::span(ids).subspan(c.scenario.consumers);
    if (order == Order::lifo) std::ranges::reverse(rest);
    if (order == Order::priority)
      std::ranges::sort(rest, std::greater<>(), [&c](CallId id) { return priority(c.scenario, id); });
    const auto verdict = [&] {
      std::vector<std::pair<CallId, Nanoseconds>> arrivals;
      for (std::size_t i = 0; i < ids.size(); ++i) arrivals.emplace_back(ids[i], 1us + i / 100 * 31ms);
      Made made = served(c, arrivals);
      for (CallRecord& record : made.records) record.intended = {};
      return verdict_on(c, std::move(made));
    };
    EXPECT_EQ(verdict(), "");
    std::swap(ids[200'000], ids[300'000]);
    EXPECT_THAT(verdict(), HasSubstr("against its order"));
  }
}
TEST(ProducerConsumer, RefusesDelaysTooShortToTell) {
  Case c = producer_consumer_case();
  EXPECT_EQ(specification_of(c.workload).refuse(c), std::nullopt);
  c.plan.delay = FixedDelay{29ms};
  EXPECT_THAT(specification_of(c.workload).refuse(c).value_or(""), HasSubstr("at least 30ms are needed"));
}

TEST(Pipeline, RefusesAStageBeforeTheOneThatItNeeds) {
  const Case c = with_pattern(pipeline_case(), "fff");
  EXPECT_EQ(verdict_on(c, served(c, {{0, 1us}, {1, 31ms}, {2, 62ms}})), "");
  EXPECT_THAT(verdict_on(c, served(c, {{0, 1us}, {1, 31ms}, {2, 60ms}})),
              HasSubstr("call 2, of stage 2, reached the server 1ms before the call before it was due"));
  Made made = served(c, {{0, 1us}, {1, 31ms}, {2, 62ms}});
  made.records[2].intended = 60ms;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("call 2 is recorded as ready before"));
}
TEST(Pipeline, RefusesAStageBeforeTheWholeStageBefore) {
  const Case c = with_pattern(pipeline_case(Mode::barrier), "fffsff");
  EXPECT_EQ(verdict_on(c, served(c, {{0, 1us}, {3, 1us}, {1, 101ms}, {4, 101ms}, {2, 132ms}, {5, 132ms}})),
            "");
  EXPECT_THAT(verdict_on(c, served(c, {{0, 1us}, {3, 1us}, {1, 31ms}, {4, 101ms}, {2, 132ms}, {5, 132ms}})),
              HasSubstr("call 1, of stage 1, reached the server 69.001ms before the last call of the stage"));
}
TEST(Pipeline, RefusesHalfItemsAndFailures) {
  Case c = pipeline_case();
  c.scenario.calls = 8;
  EXPECT_THAT(specification_of("pipeline").refuse(c).value_or(""), HasSubstr("choose a multiple of 3"));
  c.scenario.calls = 9;
  c.plan.failures.rate = 1;
  EXPECT_THAT(specification_of("pipeline").refuse(c).value_or(""), HasSubstr("leave out the failures"));
}

/// The same with time to consume the last page.
Made consumed(const Case& c, const std::vector<std::pair<CallId, Nanoseconds>>& arrivals) {
  Made made = served(c, arrivals);
  made.outcome.makespan += 2 * c.scenario.consume;
  return made;
}
/// One stream of three pages, each of 30 ms and consumed in 50 ms.
std::string verdict_on_stream(std::uint32_t prefetch, Nanoseconds second, Nanoseconds third) {
  Case c = paginate_case(prefetch);
  c.scenario.calls = c.scenario.pages = c.plan.chain = 3;
  return verdict_on(c, consumed(c, {{0, 1us}, {1, second}, {2, third}}));
}
TEST(Paginate, KnowsWhenAPageMayBeAskedFor) {
  EXPECT_EQ(verdict_on_stream(0, 81ms, 162ms), "");
  EXPECT_THAT(verdict_on_stream(0, 79ms, 162ms),
              HasSubstr("call 1, page 1 of its stream, was asked for 1.001ms too early"));
  EXPECT_THAT(verdict_on_stream(0, 81ms, 160ms),
              HasSubstr("page 2 of its stream, was asked for 1ms too early"));
}
TEST(Paginate, KnowsWhenAPageMayBeFetchedAhead) {
  EXPECT_EQ(verdict_on_stream(1, 31ms, 82ms), "");
  EXPECT_THAT(verdict_on_stream(1, 31ms, 62ms), HasSubstr("page 2 of its stream, was asked for"));
  EXPECT_THAT(verdict_on_stream(1, 81ms, 162ms), HasSubstr("2 pages of 2 were not fetched ahead"));
  EXPECT_EQ(verdict_on_stream(1, 31ms, 112ms), "");  // one of two may be late
}
TEST(Paginate, RefusesAPageRecordedAsReadyTooEarly) {
  Case c = paginate_case(0);
  c.scenario.calls = c.scenario.pages = c.plan.chain = 2;
  Made made = consumed(c, {{0, 1us}, {1, 81ms}});
  EXPECT_EQ(verdict_on(c, made), "");
  made.records[1].intended = 79ms;
  EXPECT_THAT(verdict_on(c, made), HasSubstr("call 1 is recorded as ready before it could be asked for"));
}
TEST(Paginate, MissesNoPageWhereItCannotBeTold) {
  Case c = paginate_case(1);
  c.scenario.calls = c.scenario.pages = c.plan.chain = 3;
  const auto not_ahead = [&] {
    const Nanoseconds consume = c.scenario.consume;
    return verdict_on(c, consumed(c, {{0, 1us}, {1, 31ms + consume}, {2, 62ms + 2 * consume}}));
  };
  EXPECT_THAT(not_ahead(), HasSubstr("were not fetched ahead"));
  c.scenario.consume = 20ms;  // as little as a page may be late
  EXPECT_EQ(not_ahead(), "");
  c.scenario.consume = 50ms;
  c.scenario.calls = 6;
  // One worker takes one stream after the other, and what is fetched ahead waits for it.
  Made made = consumed(c, {{0, 1us}, {1, 81ms}, {2, 162ms}, {3, 243ms}, {4, 324ms}, {5, 405ms}});
  EXPECT_THAT(verdict_on(c, made), HasSubstr("were not fetched ahead"));
  made.ledger.in_flight_peak = 1;
  EXPECT_EQ(verdict_on(c, made, 1), "");
}
TEST(Paginate, RefusesHalfStreams) {
  Case c = paginate_case();
  c.scenario.calls = 7;
  EXPECT_THAT(specification_of("paginate").refuse(c).value_or(""), HasSubstr("choose a multiple of 4"));
}

TEST(Mixed, CountsTheTicksThatWereDue) {
  Case c = mixed_case();
  c.scenario.kernel_steps = 12345;
  Made made = served(c, {{0, 1us}, {1, 1us}, {2, 1us}, {3, 1us}});
  for (CallRecord& record : made.records) record.finished = 135ms;
  made.outcome.makespan = 149ms;
  const auto with_ticks = [&](std::size_t ticks) {
    made.outcome.lags.assign(ticks, 1ms);
    return verdict_on(c, made);
  };
  EXPECT_THAT(with_ticks(11), HasSubstr("2 ticks were skipped: the heartbeat made 11, and 13 were due"));
  EXPECT_EQ(with_ticks(12), "");
  EXPECT_EQ(with_ticks(14), "");
  EXPECT_THAT(with_ticks(15), HasSubstr("expected at most 14"));
  made.outcome.lags.assign(13, -1ns);
  EXPECT_THAT(verdict_on(c, made), HasSubstr("before it was due"));
}

TEST(Cpu, ChecksEachPieceOfWork) {
  Case c = cpu_case();
  c.scenario.kernel_steps = 12345;
  Made made;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    made.records.push_back({.finished = 4ms,
                            .answer = kernel(priority(c.scenario, id), 12345),
                            .verdict = Verdict::ok,
                            .attempts = 1});
  }
  made.outcome.makespan = 4ms;
  EXPECT_EQ(verdict_on(c, made), "");
  const auto with = [&](const CallRecord& record) {
    Made changed = made;
    changed.records[2] = record;
    return verdict_on(c, changed);
  };
  CallRecord record = made.records[2];
  record.answer = made.records[1].answer;
  EXPECT_THAT(with(record), HasSubstr("call 2 has result"));
  record = made.records[2];
  record.verdict = Verdict::transport_error;
  EXPECT_THAT(with(record), HasSubstr("call 2 ended in transport_error, expected ok"));
  record = made.records[2];
  record.attempts = 2;
  EXPECT_THAT(with(record), HasSubstr("call 2 was attempted 2 times, expected once"));
}

TEST(KernelResult, IsThatOfTheLoop) {
  for (const std::uint64_t steps : {0, 1, 2, 3, 1000, 12345}) {
    for (const std::uint64_t input :
         {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX, std::uint64_t{0x123456789abcdef}})
      EXPECT_EQ(kernel_result(input, steps), kernel(input, steps)) << steps;
  }
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
TEST(Ideal, OfRetryWithALimitPacksAttemptsIntoLanes) {
  const Specification& retry = specification_of("retry");
  Case c = retry_case();  // four calls, each of two attempts of 30 ms
  c.scenario.backoff = 0ms;
  const std::map<std::uint32_t, Nanoseconds> ideals = {{1, 240ms}, {2, 120ms},  {3, 90ms},
                                                       {4, 60ms},  {100, 60ms}, {0, 60ms}};
  for (const auto& [limit, ideal] : ideals) {
    c.scenario.limit = limit;
    EXPECT_EQ(retry.ideal(c), ideal) << limit;
    EXPECT_EQ(retry.least(c), limit == 3 ? 80ms : ideal) << limit;
  }
}
TEST(Ideal, OfRetryWithALimitHoldsNoPermitsInWaits) {
  const Specification& retry = specification_of("retry");
  Case c = retry_case();
  c.scenario.calls = 2;
  c.scenario.limit = 1;
  c.scenario.backoff = 10s;  // waits of 5 s and more, far from each other
  const auto wait = [&c](CallId id) { return backoff(c.scenario, id, 0, {}); };
  ASSERT_GT(std::max(wait(0), wait(1) + 30ms) - std::min(wait(0), wait(1) + 30ms), 30ms);
  EXPECT_EQ(retry.ideal(c), std::max(30ms + wait(0), 60ms + wait(1)) + 30ms);
  EXPECT_EQ(retry.least(c), std::max(wait(0), wait(1)) + 60ms);
  c.scenario.backoff = 20ms;  // waits of 10 to 20 ms, within the other call's attempt
  EXPECT_EQ(retry.ideal(c), 120ms);
  c.plan.delay = FixedDelay{5ms};  // 0-5 and 5-10; the call that may go on first goes on first
  EXPECT_EQ(retry.ideal(c),
            std::max({5ms + wait(0), 10ms + wait(1), std::min(5ms + wait(0), 10ms + wait(1)) + 5ms}) + 5ms);
}
TEST(Ideal, OfFirstCompletedIsTheLeastDelay) {
  const Case c = first_completed_case();
  Nanoseconds least = 1h;
  for (CallId id = 0; id < 4; ++id) least = std::min(least, planned_reply(c.plan, id, 0).delay);
  EXPECT_EQ(specification_of("first_completed").ideal(c), least);
}

TEST(Ideal, OfAllSettledIsTheLongestDelay) {
  EXPECT_EQ(specification_of("all_settled").ideal(with_pattern(all_settled_case(), "ffsf")), 100ms);
}
TEST(Ideal, OfTaskGroupIsTheLeastDelayAmongTheFailing) {
  Case c = task_group_case();
  EXPECT_EQ(specification_of("task_group").ideal(c), delay(c, 2));
  c.plan.failures = {};
  EXPECT_EQ(specification_of("task_group").ideal(c), longest_delay(c));
}
TEST(Ideal, OfTimeoutIsAtMostTheDeadline) {
  Case c = timeout_case();
  EXPECT_EQ(specification_of("timeout").ideal(c), 120ms);
  c.scenario.deadline = 1s;
  EXPECT_EQ(specification_of("timeout").ideal(c), 500ms);
}
TEST(Ideal, OfWorkerPoolIsThatOfSemaphore) {
  const Case c = with_pattern(worker_pool_case(), "ffsff");  // 0-30 and 30-130; 0-30, 30-60 and 60-90
  EXPECT_EQ(specification_of("worker_pool").ideal(c), 130ms);
  EXPECT_EQ(specification_of("worker_pool").least(c), 110ms);
  EXPECT_EQ(specification_of("worker_pool").in_flight(c), 2U);
}
TEST(Ideal, OfProducerConsumerDependsOnOrderAndCapacity) {
  Case c = with_pattern(producer_consumer_case(Order::fifo), "ffsff");
  const auto ideal = [](const Case& of) { return specification_of("producer_consumer").ideal(of); };
  EXPECT_EQ(ideal(c), 130ms);
  c.scenario.order = Order::lifo;
  EXPECT_EQ(ideal(c), 160ms);  // the slow one is the last
  c.scenario.capacity = 1;
  EXPECT_EQ(ideal(c), 130ms);  // no choice
  c.scenario.capacity = 3;
  c.scenario.order = Order::priority;
  for (c.scenario.seed = 1; c.scenario.seed < 20; ++c.scenario.seed) {
    const auto slow = priority(c.scenario, 2);
    const bool is_last = slow < priority(c.scenario, 3) && slow < priority(c.scenario, 4);
    EXPECT_EQ(ideal(c), is_last ? 160ms : 130ms);
  }
  EXPECT_EQ(specification_of("producer_consumer").least(c), 110ms);
  c.scenario.consumers = 1;
  EXPECT_EQ(ideal(c), 220ms);
  c.scenario.consumers = 9;
  EXPECT_EQ(ideal(c), 100ms);
}
TEST(Ideal, OfPipelineDependsOnItsMode) {
  Case c = with_pattern(pipeline_case(Mode::streamed), "fsfsff");
  EXPECT_EQ(specification_of("pipeline").ideal(c), 160ms);
  EXPECT_EQ(specification_of("pipeline").in_flight(c), 2U);
  c.scenario.mode = Mode::barrier;
  EXPECT_EQ(specification_of("pipeline").ideal(c), 230ms);
}
TEST(Ideal, OfPaginateIsTheLongestStream) {
  Case c = with_pattern(paginate_case(0), "ffffsf");
  c.scenario.pages = c.plan.chain = 3;
  const auto ideal = [](const Case& of) { return specification_of("paginate").ideal(of); };
  EXPECT_EQ(ideal(c), 310ms);  // 30 + 50, 100 + 50 and 30 + 50
  EXPECT_EQ(specification_of("paginate").in_flight(c), 2U);
  c.scenario.prefetch = 1;
  EXPECT_EQ(ideal(c), 230ms);  // 30, 100, 50 and 50: the third page comes while the second is consumed
  c.scenario.consume = 200ms;  // of three pages, one after another
  EXPECT_EQ(ideal(c), 630ms);
}
TEST(Ideal, OfEarlyStartIsTheLongerOfCallsAndWork) {
  Case c = early_start_case();  // calls of 120 ms, 60 ms of work
  const Specification& early_start = specification_of("early_start");
  EXPECT_EQ(early_start.ideal(c), 120ms);
  c.work = 200ms;
  EXPECT_EQ(early_start.ideal(c), 200ms);
  EXPECT_EQ(early_start.least(c), 150ms);
}
TEST(EarlyStart, RefusesWorkTooShortToStartCallsIn) {
  Case c = early_start_case();
  c.work = 20ms;
  EXPECT_THAT(*specification_of("early_start").refuse(c), HasSubstr("choose more work or fewer calls"));
}
TEST(EarlyStart, RefusesCallsThatMayHaveEndedBeforeTheWorkBegins) {
  Case c = early_start_case();
  c.plan.delay = FixedDelay{10ms};
  EXPECT_THAT(*specification_of("early_start").refuse(c), HasSubstr("choose longer delays"));
}

TEST(Ideal, OfMixedSharesTheWorkOut) {
  Case c = mixed_case();  // four calls of 120 ms and 2 ms of work, on two CPUs
  const Specification& mixed = specification_of("mixed");
  EXPECT_EQ(mixed.ideal(c), 124ms);
  EXPECT_EQ(mixed.least(c), 123ms);
  c.scenario.calls = 1;
  EXPECT_EQ(mixed.ideal(c), 122ms);
  c = with_pattern(c, "ffffs");
  c.work = 40ms;  // 30 + 4 · 40 / 2 ms, and with the slow one 30 + 5 · 40 / 2
  EXPECT_EQ(mixed.ideal(c), 140ms);
  c.scenario.cpus = 1;
  EXPECT_EQ(mixed.ideal(c), 230ms);
}
TEST(Ideal, OfCpuSharesTheWorkOut) {
  Case c = cpu_case();
  const Specification& cpu = specification_of("cpu");
  EXPECT_EQ(cpu.ideal(c), 4ms);
  EXPECT_EQ(cpu.least(c), 3ms);
  c.scenario.calls = 3;
  EXPECT_EQ(cpu.ideal(c), 3ms);
  c.scenario.calls = 1;
  EXPECT_EQ(cpu.ideal(c), 2ms);
}

/// A ledger in which the server took for each attempt what another plan has for it.
Ledger as_planned_by(const Plan& plan, const Case& c) {
  Ledger ledger;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    for (Attempt attempt = 0; attempt < c.scenario.attempts; ++attempt) {
      const Nanoseconds arrived = id * 1ms,
                        ended = arrived + planned_reply(plan, id, attempt).delay + length_of(plan.stream);
      const Ending ending = fails(c, id, attempt) ? Ending::broken : Ending::completed;
      ledger.calls.push_back({id, attempt, arrived, arrived, ended, ending});
    }
  }
  return ledger;
}

TEST(ServedIdeal, IsTheSameSimulationOfEveryWorkload) {
  Case drained = drain_case();
  drained.scenario.grace = 1s;
  const std::vector<Case> all = {gather_case(),
                                 all_settled_case(),
                                 task_group_case(),
                                 semaphore_case(),
                                 timeout_case(),
                                 first_completed_case(),
                                 worker_pool_case(),
                                 retry_case(),
                                 producer_consumer_case(),
                                 limited_retry_case(),
                                 pipeline_case(),
                                 paginate_case(),
                                 pipeline_case(Mode::barrier),
                                 paginate_case(1),
                                 early_start_case(),
                                 shield_case(),
                                 hedged_case(),
                                 background_case(),
                                 bridge_case(),
                                 drained,
                                 rate_limited_case(),
                                 stream_case(),
                                 broadcast_case(),
                                 llm_client_case(),
                                 page_case(),
                                 crawl_case(),
                                 mixed_case(),
                                 cpu_case()};
  std::set<std::string> seen;
  for (const Case& c : all) {
    SCOPED_TRACE(c.workload);
    seen.insert(c.workload);
    const Specification& specification = specification_of(c.workload);
    Case other = c;
    other.plan.delay = UniformDelay{61ms, 119ms};
    EXPECT_EQ(specification.served_ideal(c, as_planned_by(c.plan, c)), specification.ideal(c));
    EXPECT_EQ(specification.served_ideal(c, as_planned_by(other.plan, c)), specification.ideal(other));
    EXPECT_EQ(specification.ideal(other) == specification.ideal(c),
              c.workload == "cpu" || specification.subscribes);
  }
  EXPECT_EQ(seen.size(), specifications().size());
}

/// Those in which calls may have to wait for slots, of which there are as many.
std::vector<Case> with_slots(std::uint32_t slots) {
  Case unlimited = retry_case();
  unlimited.scenario.backoff = 0ms;
  std::vector<Case> all = {gather_case(),       all_settled_case(),
                           semaphore_case(),    worker_pool_case(),
                           unlimited,           producer_consumer_case(),
                           pipeline_case(),     pipeline_case(Mode::barrier),
                           paginate_case(),     paginate_case(1),
                           early_start_case(),  bridge_case(),
                           rate_limited_case(), stream_case(),
                           llm_client_case(),   mixed_case()};
  for (Case& c : all) c.plan.capacity.slots = slots;
  return all;
}

TEST(Slots, ServeWhoCameFirst) {
  Case c = gather_case();
  c.plan.capacity.slots = 2;
  Slots slots(c);
  EXPECT_EQ(slots.serve(0ms, 30ms), 30ms);
  EXPECT_EQ(slots.serve(10ms, 5ms), 15ms);
  EXPECT_EQ(slots.serve(10ms, 20ms), 35ms);  // from 15 on
  EXPECT_EQ(slots.serve(12ms, 1ms), 31ms);
  EXPECT_EQ(slots.serve(50ms, 1ms), 51ms);
  c.plan.capacity.slots = 0;
  Slots unbounded(c);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(unbounded.serve(1ms, 30ms), 31ms);
}
TEST(Slots, AreInTheIdealOfEveryWorkloadThatMayHaveThem) {
  const auto ideal = [](Case c, std::uint32_t slots) {
    c.plan.capacity.slots = slots;
    return specification_of(c.workload).ideal(c);
  };
  EXPECT_EQ(ideal(gather_case(), 1), 150ms);  // five calls of 30 ms
  EXPECT_EQ(ideal(gather_case(), 2), 90ms);
  EXPECT_EQ(ideal(gather_case(), 5), 30ms);
  EXPECT_EQ(ideal(semaphore_case(), 1), 180ms);  // six, two at once
  EXPECT_EQ(ideal(semaphore_case(), 3), 90ms);
  EXPECT_EQ(ideal(worker_pool_case(), 1), 180ms);
  EXPECT_EQ(ideal(producer_consumer_case(), 1), 600ms);  // twelve of 50 ms, by two
  EXPECT_EQ(ideal(bridge_case(), 1), 180ms);             // two callers with three calls of 30 ms each
  EXPECT_EQ(ideal(bridge_case(), 2), 90ms);
  EXPECT_EQ(ideal(stream_case(), 1), 390ms);  // three of 130 ms
  EXPECT_EQ(ideal(rate_limited_case(), 1), 280ms);
  EXPECT_EQ(ideal(llm_client_case(), 1), 780ms);   // six of 130 ms
  EXPECT_EQ(ideal(early_start_case(), 2), 240ms);  // four of 120 ms
  EXPECT_EQ(ideal(mixed_case(), 2), 242ms);        // 120 and 240; then two pieces of 2 ms on two CPUs
  Case items = pipeline_case();                    // three items of three calls
  items.plan.delay = FixedDelay{30ms};
  EXPECT_EQ(ideal(items, 1), 270ms);
  EXPECT_EQ(ideal(items, 2), 150ms);
  items.scenario.mode = Mode::barrier;
  EXPECT_EQ(ideal(items, 2), 180ms);
  // Two streams of four pages of 30 ms, each consumed for 50 ms: the second is 30 ms behind from the start.
  EXPECT_EQ(ideal(paginate_case(0), 1), 350ms);
  EXPECT_EQ(ideal(paginate_case(0), 2), 320ms);
  Case retry = retry_case();  // four calls of two attempts of 30 ms
  retry.scenario.backoff = 0ms;
  EXPECT_EQ(ideal(retry, 1), 240ms);
  EXPECT_EQ(ideal(retry, 3), 90ms);
}
TEST(Slots, WaitForNobodyWhereThereAreEnough) {
  for (Case c : with_slots(1'000)) {
    SCOPED_TRACE(c.workload);
    const Specification& specification = specification_of(c.workload);
    const Nanoseconds ideal = specification.ideal(c), least = specification.least(c);
    c.plan.capacity.slots = 0;
    EXPECT_EQ(specification.ideal(c), ideal);
    EXPECT_EQ(specification.least(c), least);
  }
}
TEST(Slots, CannotBeBeatenByAnyOrder) {
  for (const std::uint32_t slots : {1, 2}) {
    for (const Case& c : with_slots(slots)) {
      SCOPED_TRACE(c.workload);
      const Specification& specification = specification_of(c.workload);
      Nanoseconds sum{};
      for (CallId id = 0; id < c.scenario.calls; ++id) sum += Delays(c)(id);
      EXPECT_GE(specification.least(c), sum / slots);
      EXPECT_LE(specification.least(c), specification.ideal(c));
    }
  }
}
/// Each call waited, and took a millisecond longer than planned: that alone is the server's.
TEST(Slots, AreWaitedForInTheServedIdealAsInTheIdeal) {
  std::set<std::string> seen;
  for (const Case& c : with_slots(2)) {
    SCOPED_TRACE(c.workload);
    seen.insert(c.workload);
    const Specification& specification = specification_of(c.workload);
    Ledger ledger = as_planned_by(c.plan, c);
    for (LedgerCall& call : ledger.calls) {
      call.waited = 70ms;
      call.ended += call.waited;
    }
    EXPECT_EQ(specification.served_ideal(c, ledger), specification.ideal(c));
    for (LedgerCall& call : ledger.calls) call.ended += 1ms;
    EXPECT_GT(specification.served_ideal(c, ledger), specification.ideal(c));
  }
  for (const Specification& specification : specifications())
    EXPECT_EQ(specification.refuses_slots.empty(), seen.contains(std::string(specification.workload)))
        << specification.workload;
}
TEST(Slots, NeedAServerThatTellsOfTheWaiting) {
  Case c = gather_case();
  c.plan.capacity.slots = 5;
  Made made = perfect(c);
  EXPECT_THAT(verdict_on(c, made), HasSubstr("does not tell how long calls waited"));
  made.ledger.queue_peak = 0;
  EXPECT_EQ(verdict_on(c, made), "");
  c.plan.capacity.slots = 2;  // and one that has no more than it was told to have
  EXPECT_THAT(verdict_on(c, made), HasSubstr("less than the 75ms that the plan allows: impossible"));
}

TEST(ServedIdeal, TakesThePlannedDelayOfWhatTheServerDidNotAnswer) {
  const Case c = with_pattern(gather_case(), "fsff");  // 30 and 100 ms
  const Specification& gather = specification_of("gather");
  EXPECT_EQ(gather.served_ideal(c, {}), 100ms);  // no call was made
  Ledger ledger = as_planned_by(c.plan, c);
  LedgerCall& call = ledger.calls[2];
  call.ended = call.arrived + 250ms;
  EXPECT_EQ(gather.served_ideal(c, ledger), 250ms);
  call.ending = Ending::broken;
  EXPECT_EQ(gather.served_ideal(c, ledger), 250ms);
  for (const Ending ending : {Ending::abandoned, Ending::open}) {
    call.ending = ending;
    EXPECT_EQ(gather.served_ideal(c, ledger), 100ms);
  }
}

TEST(ServedIdeal, UnderWhatThePlanAllowsIsImpossible) {
  Made made = perfect(gather_case());
  for (LedgerCall& call : made.ledger.calls) call.ended = call.arrived + 29ms;
  EXPECT_EQ(verdict_on(gather_case(), made),
            "by the ledger's times the fan-out could take 29ms, less than the 30ms that the plan allows: "
            "impossible");
}

TEST(Expected, IsAsLongAsModelAndWorkersMakeCallsWait) {
  const auto expected = [](Case c, std::string model, std::uint32_t workers = 1) {
    c.model = std::move(model);
    c.workers = workers;
    return expected_duration(specification_of(c.workload), c);  // one iteration, and a run before it
  };
  const Case gather = gather_case();  // five calls of 30 ms
  EXPECT_EQ(expected(gather, "coroutines"), 60ms);
  EXPECT_EQ(expected(gather, "sequential"), 300ms);
  EXPECT_EQ(expected(gather, "thread_pool", 5), 60ms);
  EXPECT_EQ(expected(gather, "processes", 1), 300ms);
  EXPECT_EQ(expected(semaphore_case(), "coroutines"), 180ms);
  Case queued = gather;
  queued.plan.capacity.slots = 2;
  EXPECT_EQ(expected(queued, "coroutines"), 180ms);
  EXPECT_EQ(expected(queued, "sequential"), 300ms);
  EXPECT_EQ(expected(timeout_case(), "sequential"), 2 * (2 * 30ms + 2 * 120ms));
  EXPECT_EQ(expected(paginate_case(), "sequential"), 2 * 8 * (30ms + 50ms));
  EXPECT_EQ(expected(first_completed_case(), "sequential"), expected(first_completed_case(), "coroutines"));
  EXPECT_EQ(expected(cpu_case(), "coroutines"), 2 * 4 * 2ms);
  Case retry = retry_case();
  Nanoseconds sum{};
  for (CallId id = 0; id < 4; ++id) sum += 60ms + backoff(retry.scenario, id, 0, {});
  EXPECT_EQ(expected(retry, "sequential"), 2 * sum);
  retry.iterations = 4;
  EXPECT_EQ(expected(retry, "sequential"), 5 * sum);
  retry.scenario.limit = 2;  // others are called during the waits
  EXPECT_EQ(expected(retry, "sequential"), 5 * 8 * 30ms);
}

}  // namespace
}  // namespace fanbench
