// A model that breaks a rule becomes an error row: each rule is broken by a toy model and the mistake is
// found.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/measure/measurement.hpp"
#include "bench/suite/suite.hpp"
#include "tests/bench/cases.hpp"
#include "tests/toys/model.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;
using namespace cases;
using testing::HasSubstr;

/// What the verification says of a toy: "" if it is content.
template <Break broken>
std::string verdict_on(const Case& c) {
  MockServer server(SERVER_PROGRAM);
  const ModelEntry entry = toy<broken>();
  Measurement measurement(c, entry, server);
  try {
    measurement.prepare(false);
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
  EXPECT_EQ(verdict_on<Break::nothing>(limited_retry_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(rate_limited_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(stream_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(cancelled_stream_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(llm_client_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(page_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(page_in_time_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(crawl_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(crawl_case(200ms)), "");
  EXPECT_EQ(verdict_on<Break::nothing>(cut_crawl_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(all_settled_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(task_group_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(timeout_case(Scope::call)), "");
  EXPECT_EQ(verdict_on<Break::nothing>(timeout_case(Scope::group)), "");
  EXPECT_EQ(verdict_on<Break::nothing>(worker_pool_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(pipeline_case(Mode::barrier)), "");
  EXPECT_EQ(verdict_on<Break::nothing>(pipeline_case(Mode::streamed)), "");
  EXPECT_EQ(verdict_on<Break::nothing>(paginate_case(0)), "");
  EXPECT_EQ(verdict_on<Break::nothing>(paginate_case(1)), "");
  EXPECT_EQ(verdict_on<Break::nothing>(early_start_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(mixed_case()), "");
  EXPECT_EQ(verdict_on<Break::nothing>(cpu_case()), "");
}
TEST(Verification, IsContentWithAnHonestQueue) {
  for (const Order order : {Order::fifo, Order::lifo, Order::priority}) {
    Case c = producer_consumer_case(order);
    EXPECT_EQ(verdict_on<Break::nothing>(c), "");
    c.scenario.producers = 3;
    EXPECT_EQ(verdict_on<Break::nothing>(c), "");
  }
}
TEST(Verification, IsContentWithAGroupInWhichNothingFails) {
  Case c = task_group_case();
  c.plan.failures = {};
  c.plan.delay = FixedDelay{30ms};
  EXPECT_EQ(verdict_on<Break::nothing>(c), "");
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
  EXPECT_THAT(verdict_on<Break::one_after_another>(c), HasSubstr("in flight at most, expected at least 5"));
}
TEST(Verification, FindsConcurrencyThatIsLimited) {
  Case c = gather_case();
  c.scenario.calls = 100;
  c.plan.delay = FixedDelay{200ms};
  EXPECT_THAT(verdict_on<Break::ten_at_a_time>(c),
              HasSubstr("10 calls were in flight at most, expected at least 100"));
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
TEST(Verification, FindsReplicasThatWereNeverMade) {
  const auto won_after = [](Nanoseconds fast) {
    Case c = a_case("first_completed", 20);
    c.plan.delay = BimodalDelay{fast, 2s, 0.95};
    return with_seed(c, [fast](const Case& drawn) {
      return delay(drawn, 0) == fast && !specification_of("first_completed").refuse(drawn);
    });
  };
  EXPECT_THAT(verdict_on<Break::make_one_only>(won_after(60ms)),
              HasSubstr("1 calls had reached the server when the reply to call 0 was due, expected at least "
                        "half of 20"));
  EXPECT_EQ(verdict_on<Break::forge_the_others>(won_after(60ms)),
            verdict_on<Break::make_one_only>(won_after(60ms)));
  EXPECT_THAT(verdict_on<Break::make_one_only>(won_after(10ms)), HasSubstr("call 1 was never begun"));
}
TEST(Verification, FindsASemaphoreThatTakesTheLastFirst) {
  Case c = semaphore_case();
  c.scenario.calls = 12;
  EXPECT_EQ(verdict_on<Break::nothing>(c), "");
  EXPECT_THAT(verdict_on<Break::last_come_first_served>(c),
              HasSubstr("40 of 45 pairs of calls that waited got their permits in reverse"));
}
TEST(Verification, FindsLateCallsThatWereNeverMade) {
  for (const Scope scope : {Scope::call, Scope::group}) {
    EXPECT_THAT(verdict_on<Break::never_make_late_calls>(timeout_case(scope)),
                HasSubstr("0 of 2 late calls reached the server, expected at least half"));
  }
}
/// What never gives calls up is found in the smallest cases of all.
TEST(Verification, FindsAForgottenCancellationInTheSmokeSuite) {
  int found = 0;
  for (const Case& c : read_suite(FANBENCH_SOURCE_DIR "/bench/suites/smoke.toml").cases) {
    if (!specification_of(c.workload).gives_up || c.model != "threads" || c.transport != "native") continue;
    SCOPED_TRACE(c.name);
    EXPECT_EQ(verdict_on<Break::nothing>(c), "");
    EXPECT_NE(c.workload == "timeout"                          ? verdict_on<Break::keep_late_calls_open>(c)
              : c.workload == "shield" || c.workload == "page" ? verdict_on<Break::ignore_the_deadline>(c)
                                                               : verdict_on<Break::forget_to_cancel>(c),
              "");
    ++found;
  }
  EXPECT_GE(found, 5);
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

TEST(Verification, FindsAnAttemptThatWasRecordedAndNotMade) {
  EXPECT_THAT(verdict_on<Break::record_an_attempt_not_made>(retry_case()), HasSubstr("call 0 has answer"));
}
TEST(Verification, FindsAWaitThatWasRecordedLongerThanItWas) {
  EXPECT_THAT(verdict_on<Break::record_a_longer_wait>(retry_case()),
              HasSubstr("attempt 1 of call 0 reached the server before it is recorded as started"));
}
TEST(Verification, FindsAFailureRecordedBeforeItWasDue) {
  EXPECT_THAT(verdict_on<Break::record_an_early_failure>(retry_case()),
              HasSubstr("call 0 is recorded as finished before its reply was due"));
}
TEST(Verification, FindsSwappedAttempts) {
  EXPECT_THAT(verdict_on<Break::swap_two_attempts>(retry_case()),
              HasSubstr("call 0 ended in ok, expected http_error"));
}

TEST(Verification, FindsAttemptsBeyondTheLimit) {
  Case c = limited_retry_case();
  EXPECT_THAT(verdict_on<Break::exceed_the_limit>(c),
              HasSubstr("3 calls were in flight at once, expected at most 2"));
  c.scenario.backoff = 200ms;  // so that first attempts come before retries all the same
  EXPECT_THAT(verdict_on<Break::retry_without_a_permit>(c),
              HasSubstr("calls were in flight at once, expected at most 2"));
}
TEST(Verification, FindsAWaitThatHoldsItsPermit) {
  for (const Nanoseconds backoff : {0ms, 40ms, 400ms}) {  // other calls begin during the longest
    Case c = limited_retry_case();
    c.scenario.backoff = backoff;
    EXPECT_THAT(verdict_on<Break::hold_a_permit_while_waiting>(c),
                HasSubstr("2 calls were under way at most, waits between attempts included"));
  }
}
TEST(Verification, FindsRetriesThatAreServedFirst) {
  EXPECT_THAT(verdict_on<Break::serve_retries_first>(limited_retry_case()),
              HasSubstr("retries got their permits before calls that had waited for longer"));
}
TEST(Verification, FindsARetryThatTakesTheLastFirst) {
  EXPECT_THAT(verdict_on<Break::last_come_first_served>(limited_retry_case()),
              HasSubstr("pairs of calls that waited got their permits in reverse"));
}

TEST(Verification, FindsAHiddenFailure) {
  EXPECT_THAT(verdict_on<Break::hide_a_failure>(all_settled_case()),
              HasSubstr("ended in ok, expected http_error"));
}

TEST(Verification, FindsASiblingLeftRunning) {
  EXPECT_THAT(verdict_on<Break::forget_to_cancel>(task_group_case()), HasSubstr("was not cancelled"));
}
TEST(Verification, FindsTheWrongFailure) {
  EXPECT_THAT(verdict_on<Break::choose_the_wrong_one>(task_group_case()),
              HasSubstr("call 3 was reported as the first failure, but call 2 failed"));
}
TEST(Verification, FindsAFailureThatIsNotReported) {
  EXPECT_THAT(verdict_on<Break::choose_nobody>(task_group_case()), HasSubstr("no failure was reported"));
}
TEST(Verification, FindsACallBegunAfterTheFailure) {
  EXPECT_THAT(verdict_on<Break::begin_after_failure>(task_group_case()), HasSubstr("was begun"));
}
TEST(Verification, FindsACancelledCallThatHadCompleted) {
  EXPECT_THAT(verdict_on<Break::cancel_completed_calls>(task_group_case()),
              HasSubstr("was cancelled, but its reply was due"));
}

TEST(Verification, FindsALateCallThatWasNotTimedOut) {
  EXPECT_THAT(verdict_on<Break::ignore_the_deadline>(timeout_case()),
              HasSubstr("call 1 ended in ok, expected timed_out"));
}
TEST(Verification, FindsACallTimedOutThatShouldNotBe) {
  Case c = timeout_case();
  c.plan.delay = BimodalDelay{30ms, 500ms, 0.5};
  c.scenario.deadline = 55ms;  // half of it is less than the fast calls take
  EXPECT_THAT(verdict_on<Break::halve_the_deadline>(c), HasSubstr("call 0 timed out, but takes 30ms"));
}
TEST(Verification, FindsACallGivenUpBeforeItsDeadline) {
  EXPECT_THAT(verdict_on<Break::halve_the_deadline>(timeout_case()), HasSubstr("before its deadline"));
}
TEST(Verification, FindsACallGivenUpLongAfterItsDeadline) {
  EXPECT_THAT(verdict_on<Break::double_the_deadline>(timeout_case()), HasSubstr("was not given up"));
}
TEST(Verification, FindsALateCallWhoseConnectionIsKept) {
  EXPECT_THAT(verdict_on<Break::keep_late_calls_open>(timeout_case(Scope::group)),
              HasSubstr("was not given up"));
}

TEST(Verification, FindsACallBegunAfterTheSignal) {
  EXPECT_THAT(verdict_on<Break::go_on_after_the_signal>(drain_case()), HasSubstr("after the signal"));
}
TEST(Verification, FindsACallGivenUpWithinTheGrace) {
  EXPECT_THAT(verdict_on<Break::give_no_grace>(drain_case()), HasSubstr("before the end of the grace"));
}
TEST(Verification, FindsACallWaitedForAfterTheGrace) {
  EXPECT_THAT(verdict_on<Break::forget_to_cancel>(drain_case()), HasSubstr("was not given up"));
}

TEST(Verification, FindsACallerThatGotAnothersResult) {
  EXPECT_THAT(verdict_on<Break::mix_up_callers>(bridge_case()), HasSubstr("ended in http_error"));
}

TEST(Verification, FindsAFailureOfASideCallThatIsLost) {
  EXPECT_THAT(verdict_on<Break::lose_a_failure>(background_case()),
              HasSubstr("side call 2 was reported 0 times as failed, expected once"));
}
TEST(Verification, FindsAFailureOfASideCallReportedTwice) {
  EXPECT_THAT(verdict_on<Break::report_twice>(background_case()), HasSubstr("reported 2 times"));
}
TEST(Verification, FindsARequestThatWaitsForItsSideCalls) {
  EXPECT_THAT(verdict_on<Break::wait_for_side_calls>(background_case()), HasSubstr("it waited for them"));
}

TEST(Verification, FindsACopyOfACallThatIsNotSlow) {
  EXPECT_THAT(verdict_on<Break::copy_fast_calls>(hedged_case()),
              HasSubstr("call 0 was hedged, but had had its reply for"));
}
TEST(Verification, FindsACopyMadeTooEarly) {
  EXPECT_THAT(verdict_on<Break::copy_at_once>(hedged_case()), HasSubstr("the copy of call 1 was made"));
}
TEST(Verification, FindsACopyNeverMade) {
  EXPECT_THAT(verdict_on<Break::copy_nothing>(hedged_case()),
              HasSubstr("0 slow calls were hedged, expected 2"));
}
TEST(Verification, FindsACopyBeyondTheBudget) {
  Case c = hedged_case();
  c.scenario.copies = 1;
  EXPECT_THAT(verdict_on<Break::ignore_the_budget>(c), HasSubstr("2 slow calls were hedged, expected 1"));
}
TEST(Verification, FindsALosingCopyThatIsNotGivenUp) {
  EXPECT_THAT(verdict_on<Break::forget_to_cancel>(hedged_case()), HasSubstr("call 1 was not given up"));
}
TEST(Verification, FindsTheSlowerCopyTaken) {
  EXPECT_THAT(verdict_on<Break::choose_the_wrong_one>(hedged_case()),
              HasSubstr("was taken, but attempt 1 was answered"));
}

TEST(Verification, FindsWhatIsWrongWithThePagesThatAreHedged) {
  Case c = page_case();
  EXPECT_THAT(verdict_on<Break::copy_fast_calls>(c), HasSubstr("call 0 was hedged, but had had its reply"));
  EXPECT_THAT(verdict_on<Break::copy_at_once>(c), HasSubstr("the copy of call 1 was made"));
  EXPECT_THAT(verdict_on<Break::copy_nothing>(c), HasSubstr("0 slow calls were hedged, expected 2"));
  EXPECT_THAT(verdict_on<Break::forget_to_cancel>(c), HasSubstr("call 1 was not given up"));
  EXPECT_THAT(verdict_on<Break::choose_the_wrong_one>(c), HasSubstr("was taken, but attempt 1 was answered"));
  c.scenario.copies = 1;
  EXPECT_THAT(verdict_on<Break::ignore_the_budget>(c), HasSubstr("2 slow calls were hedged, expected 1"));
  c.scenario.deadline = 300ms;  // by which the other slow call is given up
  EXPECT_EQ(verdict_on<Break::nothing>(c), "");
}
TEST(Verification, FindsACopyMadeWhenThePageHasGoneOut) {
  Case c = page_case();
  c.scenario.deadline = 200ms;
  EXPECT_THAT(verdict_on<Break::copy_too_late>(c), HasSubstr("after its page's deadline"));
}
TEST(Verification, FindsPagesThatAreNotAskedForAtOnce) {
  Case c = page_case();
  c.plan.delay = FixedDelay{200ms};
  c.scenario.copies = 0;
  EXPECT_EQ(verdict_on<Break::nothing>(c), "");
  EXPECT_THAT(verdict_on<Break::page_after_page>(c),
              HasSubstr("2 calls were in flight at most, expected at least 4"));
}
TEST(Verification, FindsAPageThatIsWaitedForAfterItsDeadline) {
  EXPECT_THAT(verdict_on<Break::ignore_the_deadline>(page_in_time_case()),
              HasSubstr("call 1 ended in ok, expected timed_out"));
  EXPECT_THAT(verdict_on<Break::double_the_deadline>(page_in_time_case()), HasSubstr("was not given up"));
  EXPECT_THAT(verdict_on<Break::keep_late_calls_open>(page_in_time_case()), HasSubstr("was not given up"));
}
TEST(Verification, FindsAPageThatGoesOutBeforeItsDeadline) {
  Case c = page_in_time_case();
  EXPECT_THAT(verdict_on<Break::halve_the_deadline>(c), HasSubstr("call 1 was given up"));
  c.scenario.deadline = 55ms;  // half of it is less than the fast calls take
  EXPECT_THAT(verdict_on<Break::halve_the_deadline>(c), HasSubstr("before its page's deadline"));
}
TEST(Verification, FindsCallsOfAPageThatWereNeverMade) {
  EXPECT_THAT(verdict_on<Break::never_make_late_calls>(page_in_time_case()),
              HasSubstr("0 of 2 calls that timed out reached the server, expected at least half"));
}

TEST(Verification, FindsARefusedCallMadeAgainTooEarly) {
  EXPECT_THAT(verdict_on<Break::retry_too_early>(rate_limited_case()),
              HasSubstr("expected a wait of at least"));
}
TEST(Verification, FindsARetryAfterThatIsNotReadAtAll) {
  EXPECT_THAT(verdict_on<Break::forget_retry_after>(rate_limited_case()),
              HasSubstr("its Retry-After is not recorded"));
}
TEST(Verification, FindsARefusedCallThatIsGivenUp) {
  EXPECT_THAT(verdict_on<Break::give_up_early>(rate_limited_case()),
              HasSubstr("ended in http_error, expected ok"));
}
TEST(Verification, FindsARefusalThatNeverWas) {
  EXPECT_THAT(verdict_on<Break::ask_in_vain>(rate_limited_case()), HasSubstr("expected a wait of at least"));
}
TEST(Verification, FindsACallThatPassesTwice) {
  EXPECT_THAT(verdict_on<Break::make_one_twice>(rate_limited_case()), HasSubstr("call 0 "));
}
TEST(Verification, FindsAWorkerMoreThanTheQuotaIsSharedBy) {
  EXPECT_THAT(verdict_on<Break::exceed_the_limit>(rate_limited_case()),
              HasSubstr("4 calls were begun and not ended at once, expected at most 3"));
}

TEST(Verification, FindsAnEventThatIsLost) {
  EXPECT_THAT(verdict_on<Break::lose_an_event>(stream_case()), HasSubstr("event 2 came, expected 1"));
}
TEST(Verification, FindsAnEventThatIsToldTwice) {
  EXPECT_THAT(verdict_on<Break::tell_an_event_twice>(stream_case()), HasSubstr("event 1 came, expected 2"));
}
TEST(Verification, FindsEventsOutOfOrder) {
  EXPECT_THAT(verdict_on<Break::swap_two_events>(stream_case()), HasSubstr("event 2 came, expected 1"));
}
TEST(Verification, FindsAnEventWithSomethingElseInIt) {
  EXPECT_THAT(verdict_on<Break::swap_two_replies>(stream_case()), HasSubstr("event 1 brought"));
}
TEST(Verification, FindsAnEventTakenBeforeItWasWhole) {
  EXPECT_THAT(verdict_on<Break::take_halves_for_events>(stream_case()), HasSubstr("it was not whole"));
}
TEST(Verification, FindsAStreamThatIsTakenAtItsEnd) {
  EXPECT_THAT(verdict_on<Break::wait_for_the_end>(stream_case()),
              HasSubstr("events were recorded more than 80ms after they were due"));  // on a busy machine more
}

TEST(Verification, FindsStreamsThatAreNotGivenUpWhenTheyShouldBe) {
  const Case c = cancelled_stream_case();
  EXPECT_THAT(verdict_on<Break::ignore_the_deadline>(c),
              HasSubstr("call 0 ended in ok, expected timed_out: it takes 505ms, and the deadline is 190ms"));
  EXPECT_THAT(verdict_on<Break::halve_the_deadline>(c), HasSubstr("before its deadline"));
  EXPECT_THAT(verdict_on<Break::double_the_deadline>(c), HasSubstr("was not given up"));
}
TEST(Verification, FindsWrongEventsOfAStreamThatWasGivenUp) {
  const Case c = cancelled_stream_case();
  EXPECT_THAT(verdict_on<Break::lose_an_event>(c), HasSubstr("event 2 came, expected 1"));
  EXPECT_THAT(verdict_on<Break::tell_an_event_twice>(c), HasSubstr("event 1 came, expected 2"));
  EXPECT_THAT(verdict_on<Break::swap_two_events>(c), HasSubstr("event 2 came, expected 1"));
  EXPECT_THAT(verdict_on<Break::go_on_reading>(c), HasSubstr("after the stream had ended"));
  EXPECT_THAT(verdict_on<Break::leave_events_unread>(c),
              HasSubstr("events were taken that had come before their streams were given up"));
}

TEST(Verification, IsContentWithAnHonestBroadcast) {
  EXPECT_EQ(verdict_on<Break::nothing>(broadcast_case()), "");
}
TEST(Verification, FindsWhatASubscriberDoesWrong) {
  const Case c = broadcast_case();
  EXPECT_THAT(verdict_on<Break::lose_an_event>(c), HasSubstr("message 2 came, expected 1"));
  EXPECT_THAT(verdict_on<Break::tell_an_event_twice>(c), HasSubstr("message 1 came, expected 2"));
  EXPECT_THAT(verdict_on<Break::swap_two_events>(c), HasSubstr("message 2 came, expected 1"));
  EXPECT_THAT(verdict_on<Break::swap_two_replies>(c), HasSubstr("message 1 brought"));
  EXPECT_THAT(verdict_on<Break::answer_with_the_first>(c),
              HasSubstr("expected what the last message brought"));
  EXPECT_THAT(verdict_on<Break::foresee_a_message>(c), HasSubstr("before it was said"));
  EXPECT_THAT(verdict_on<Break::wait_for_the_end>(c),
              HasSubstr("of 6 messages were recorded more than 80ms after they were said"));
}
TEST(Verification, FindsASubscriberThatWasNeverInTheRoom) {
  EXPECT_THAT(
      verdict_on<Break::skip_a_call>(broadcast_case()),
      HasSubstr("the server heard 4 messages, had to bring 8 to others and brought 8, expected 4, 12"));
}
TEST(Verification, FindsWhatAPublisherDoesWrong) {
  const Case c = broadcast_case();
  EXPECT_THAT(verdict_on<Break::publish_at_once>(c), HasSubstr("before it was due"));
  EXPECT_THAT(verdict_on<Break::publish_too_soon>(c), HasSubstr("subscriber 2: message 1 came, expected 0"));
  EXPECT_THAT(verdict_on<Break::publish_once_more>(c), HasSubstr("the server heard 5 messages"));
}

/// It is a stream's client and one of a service with a quota, and breaks the rules of either.
TEST(Verification, FindsWhatAnLlmClientDoesWrong) {
  EXPECT_THAT(verdict_on<Break::lose_an_event>(llm_client_case()), HasSubstr("event 2 came, expected 1"));
  EXPECT_THAT(verdict_on<Break::wait_for_the_end>(llm_client_case()), HasSubstr("not taken as they came"));
  EXPECT_THAT(verdict_on<Break::retry_too_early>(llm_client_case()),
              HasSubstr("expected a wait of at least"));
  EXPECT_THAT(verdict_on<Break::exceed_the_limit>(llm_client_case()),
              HasSubstr("4 calls were begun and not ended at once, expected at most 3"));
}

TEST(Verification, FindsAPageBegunAfterTheBudget) {
  EXPECT_THAT(verdict_on<Break::go_on_after_the_signal>(crawl_case(200ms)),
              HasSubstr("after the end of the budget"));
  Case c = crawl_case(200ms);
  c.scenario.pages = 1;
  specification_of("crawl").settle(c);
  c.scenario.calls = 200;
  EXPECT_THAT(verdict_on<Break::backdate_starts>(c), HasSubstr("reached the server"));
}
TEST(Verification, FindsAPageGivenUpWithinTheGrace) {
  EXPECT_THAT(verdict_on<Break::give_no_grace>(cut_crawl_case()), HasSubstr("before the end of the grace"));
}
TEST(Verification, FindsAPageThatCameWithinTheGraceAndWasGivenUp) {
  Case c = cut_crawl_case();
  c.scenario.grace = 800ms;
  EXPECT_THAT(verdict_on<Break::cancel_completed_calls>(c), HasSubstr("but its reply was due"));
}
TEST(Verification, FindsAPageWaitedForAfterTheGrace) {
  EXPECT_THAT(verdict_on<Break::forget_to_cancel>(cut_crawl_case()), HasSubstr("was not given up"));
}
TEST(Verification, FindsACrawlThatEndsEarly) {
  Case c = crawl_case(700ms);
  c.scenario.calls *= 2;
  EXPECT_THAT(verdict_on<Break::halve_the_deadline>(c), HasSubstr("before the end of the budget"));
}
TEST(Verification, FindsAListingThatIsLeftHalfRead) {
  EXPECT_THAT(verdict_on<Break::give_up_early>(crawl_case()),
              HasSubstr("was not made, though the page before was done"));
}
TEST(Verification, FindsAListingThatIsForgotten) {
  EXPECT_THAT(verdict_on<Break::lose_an_item>(crawl_case()),
              HasSubstr("1 listings of host 0 were not begun"));
}
TEST(Verification, FindsListingsInReverse) {
  Case c = crawl_case();
  c.scenario.calls *= 2;
  EXPECT_THAT(verdict_on<Break::last_come_first_served>(c), HasSubstr("which comes first at its host"));
}
TEST(Verification, FindsMoreCallsToAHostThanItsLimit) {
  EXPECT_THAT(verdict_on<Break::exceed_the_limit>(crawl_case()),
              HasSubstr("5 calls to host 0 were in flight at once, expected at most 4"));
  EXPECT_THAT(verdict_on<Break::share_one_limit>(crawl_case()),
              HasSubstr("8 calls to host 0 were in flight at once, expected at most 4"));
}
TEST(Verification, FindsAHostWithoutItsWorkers) {
  EXPECT_THAT(verdict_on<Break::one_after_another>(crawl_case()), HasSubstr("expected at least half of 4"));
  EXPECT_THAT(verdict_on<Break::one_host_after_another>(crawl_case(240ms)),
              HasSubstr("listings of host 1 were"));
}
TEST(Verification, FindsAListingsPageThatIsSkipped) {
  EXPECT_NE(verdict_on<Break::skip_a_page>(crawl_case()), "");
}
TEST(Verification, FindsAPageAskedForBeforeTheWorkOnTheLast) {
  Case c = crawl_case();
  c.work = 10ms;
  EXPECT_THAT(verdict_on<Break::fetch_too_far_ahead>(c), HasSubstr("is recorded as ready before"));
  EXPECT_THAT(verdict_on<Break::work_never>(c), HasSubstr("the work on the page before was not done"));
}

TEST(Verification, FindsACriticalCallThatWasCancelled) {
  EXPECT_THAT(verdict_on<Break::cancel_the_critical>(shield_case()),
              HasSubstr("call 2 was cancelled, but is critical"));
}
TEST(Verification, FindsACallThatIsNotCriticalAndWasNotCancelled) {
  EXPECT_THAT(verdict_on<Break::ignore_the_deadline>(shield_case()),
              HasSubstr("call 1 ended in ok, expected cancelled"));
}
TEST(Verification, FindsACallCancelledTooEarly) {
  EXPECT_THAT(verdict_on<Break::halve_the_deadline>(shield_case()), HasSubstr("before its deadline"));
}

TEST(Verification, FindsAWorkerTooMany) {
  EXPECT_THAT(verdict_on<Break::exceed_the_limit>(worker_pool_case()),
              HasSubstr("3 tasks existed at once, expected at most the limit of 2"));
}
TEST(Verification, FindsATaskForEachCall) {
  EXPECT_THAT(verdict_on<Break::a_task_for_each_call>(worker_pool_case()),
              HasSubstr("6 tasks existed at once"));
}

TEST(Verification, FindsAQueueTooDeep) {
  EXPECT_THAT(verdict_on<Break::too_deep_a_queue>(producer_consumer_case()),
              HasSubstr("4 items were in the queue"));
}
TEST(Verification, FindsAQueueInTheWrongOrder) {
  for (const Order order : {Order::fifo, Order::lifo, Order::priority}) {
    Case c = producer_consumer_case(order);
    EXPECT_THAT(verdict_on<Break::take_in_wrong_order>(c), HasSubstr("against its order"));
    c.scenario.producers = 3;
    EXPECT_THAT(verdict_on<Break::take_in_wrong_order>(c), HasSubstr("against its order"));
  }
}
TEST(Verification, FindsAProducerThatPutsInTheWrongOrder) {
  EXPECT_THAT(verdict_on<Break::put_in_wrong_order>(producer_consumer_case()),
              HasSubstr("by the same producer"));
}
TEST(Verification, FindsALostItem) {
  EXPECT_THAT(verdict_on<Break::lose_an_item>(producer_consumer_case()), HasSubstr("call 1 was lost"));
}
TEST(Verification, FindsAConsumerTooMany) {
  EXPECT_THAT(verdict_on<Break::exceed_the_limit>(producer_consumer_case()), HasSubstr("expected at most"));
}

TEST(Verification, FindsAnIgnoredBarrier) {
  EXPECT_THAT(verdict_on<Break::ignore_the_barrier>(pipeline_case(Mode::barrier)),
              HasSubstr("before the last call of the stage before it was due"));
}
TEST(Verification, FindsAStageWithoutWhatTheOneBeforeBrought) {
  EXPECT_THAT(verdict_on<Break::forget_the_cursor>(pipeline_case()), HasSubstr("ended in http_error"));
}

TEST(Verification, FindsASkippedPage) {
  EXPECT_THAT(verdict_on<Break::skip_a_page>(paginate_case()), HasSubstr("call 1 was lost"));
}
TEST(Verification, FindsAPageAskedForBeforeTheLastOneWasConsumed) {
  EXPECT_THAT(verdict_on<Break::consume_in_no_time>(paginate_case(0)), HasSubstr("too early"));
}
TEST(Verification, FindsAPageThatWasNotFetchedAhead) {
  EXPECT_THAT(verdict_on<Break::fetch_nothing_ahead>(paginate_case(1)), HasSubstr("were not fetched ahead"));
}
TEST(Verification, FindsAPageFetchedTooFarAhead) {
  EXPECT_THAT(verdict_on<Break::fetch_too_far_ahead>(paginate_case(1)), HasSubstr("too early"));
}

TEST(Verification, FindsCallsThatWereStartedAfterTheWork) {
  EXPECT_THAT(verdict_on<Break::work_first>(early_start_case()),
              HasSubstr("they were not started before it"));
}
TEST(Verification, FindsCallsThatWereWaitedForBeforeTheWork) {
  EXPECT_THAT(verdict_on<Break::await_first>(early_start_case()),
              HasSubstr("were the calls waited for first"));
}
TEST(Verification, FindsWorkThatWasNotDone) {
  EXPECT_THAT(verdict_on<Break::work_never>(early_start_case()), HasSubstr("recorded with 0 events"));
}

TEST(Verification, FindsForgedWork) {
  EXPECT_THAT(verdict_on<Break::forge_the_work>(early_start_case()), HasSubstr("it was not done right"));
  EXPECT_THAT(verdict_on<Break::forge_the_work>(mixed_case()),
              HasSubstr("the work on it was not done right"));
  EXPECT_THAT(verdict_on<Break::forge_the_work>(crawl_case()),
              HasSubstr("the work on it was not done right"));
  EXPECT_THAT(verdict_on<Break::forge_the_work>(cpu_case()), HasSubstr("the work was not done right"));
}
TEST(Verification, FindsSkippedTicks) {
  EXPECT_THAT(verdict_on<Break::skip_ticks>(mixed_case()), HasSubstr("ticks were skipped"));
}
TEST(Verification, FindsTicksMadeTooEarly) {
  EXPECT_THAT(verdict_on<Break::tick_too_early>(mixed_case()), HasSubstr("before it was due"));
}
TEST(Verification, FindsACallWhereThereShouldBeNone) {
  EXPECT_THAT(verdict_on<Break::call_the_server>(cpu_case()),
              HasSubstr("expected none of work without waiting"));
}

TEST(Verification, RefusesAPlanWithoutAClearWinner) {
  Case c = first_completed_case();
  c.plan.delay = FixedDelay{30ms};
  EXPECT_THAT(verdict_on<Break::nothing>(c), HasSubstr("choose another seed"));
}

}  // namespace
}  // namespace fanbench
