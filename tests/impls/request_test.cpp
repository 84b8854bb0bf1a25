// What a call's target, status, body and Retry-After fields say, nonsense included.
#include "impls/http/request.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fanbench {
namespace {

using namespace std::chrono_literals;

TEST(Target, NamesRunCallAttemptAndCursor) {
  EXPECT_EQ(target_of({}), "/healthz");
  EXPECT_EQ(target_of({.run = 1}), "/runs/1/calls/0?attempt=0");
  EXPECT_EQ(target_of({.run = 2, .id = 3, .attempt = 4}), "/runs/2/calls/3?attempt=4");
  EXPECT_EQ(target_of({.run = UINT64_MAX, .id = UINT32_MAX, .attempt = UINT32_MAX, .cursor = UINT64_MAX}),
            "/runs/18446744073709551615/calls/4294967295?attempt=4294967295&cursor=ffffffffffffffff");
  EXPECT_EQ(target_of({.run = 1, .cursor = 10}), "/runs/1/calls/0?attempt=0&cursor=a");
}

TEST(Message, IsWhatLibcurlSends) {
  EXPECT_EQ(fmt::to_string(message_of({.run = 1, .id = 2}, "[::1]:8080")),
            "GET /runs/1/calls/2?attempt=0 HTTP/1.1\r\nHost: [::1]:8080\r\nAccept: */*\r\n\r\n");
  const Request longest{.run = UINT64_MAX, .id = UINT32_MAX, .attempt = UINT32_MAX, .cursor = UINT64_MAX};
  EXPECT_LT(message_of(longest, std::string(64, 'h')).size(),
            fmt::inline_buffer_size);  // and allocates nothing
}

TEST(VerdictOf, IsOkForStatus2xxOnly) {
  for (const unsigned status : {200U, 204U, 299U}) EXPECT_EQ(verdict_of(status), Verdict::ok) << status;
  for (const unsigned status : {0U, 100U, 199U, 300U, 404U, 429U, 503U, 999U})
    EXPECT_EQ(verdict_of(status), Verdict::http_error) << status;
}

TEST(AnswerOf, IsTheHexNumberAtTheBodysBeginning) {
  EXPECT_EQ(answer_of("00000000000000a7"), 0xa7U);
  EXPECT_EQ(answer_of("00000000000000A7+"), 0xa7U);
  EXPECT_EQ(answer_of("ffffffffffffffff"), UINT64_MAX);
  EXPECT_EQ(answer_of("fffffffffffffffff"), UINT64_MAX);  // the 17th is not of it
  EXPECT_EQ(answer_of("00000000000000a75"), 0xa7U);
  EXPECT_EQ(answer_of("a7"), 0xa7U);
  for (const std::string_view nonsense : {"", " a7", "-1", "+a7", "xyz", "{\"a\":1}"})
    EXPECT_EQ(answer_of(nonsense), 0U) << nonsense;
  EXPECT_EQ(answer_of("0xa7"), 0U);
}

TEST(MoreOf, IsThePlusAfterTheAnswer) {
  EXPECT_TRUE(more_of("0000000000000000+"));
  EXPECT_TRUE(more_of("0000000000000000+rest"));
  for (const std::string_view none : {"", "+", "000000000000000+", "0000000000000000", "0000000000000000-+"})
    EXPECT_FALSE(more_of(none)) << none;
}

Nanoseconds retry_after_of(std::string_view milliseconds, std::string_view seconds) {
  RetryAfter fields;
  fields.take_seconds(seconds);
  fields.take_milliseconds(milliseconds);
  return fields.wait();
}

TEST(RetryAfterFields, PreferMilliseconds) {
  EXPECT_EQ(retry_after_of("12.5", "3"), 12'500us);
  EXPECT_EQ(retry_after_of("0", "3"), 0ns);
  EXPECT_EQ(retry_after_of("", "3"), 3s);
  EXPECT_EQ(retry_after_of("abc", "3"), 3s);
  EXPECT_EQ(retry_after_of("-1", "3"), 3s);
  EXPECT_EQ(retry_after_of("nan", "3"), 3s);
  EXPECT_EQ(retry_after_of("", "3\r\n"), 3s);  // as libcurl hands it over
  EXPECT_EQ(retry_after_of("1e3", ""), 1s);
  EXPECT_EQ(RetryAfter().wait(), 0s);
}

TEST(RetryAfterFields, AreNothingWhereThereIsNoNumber) {
  for (const std::string_view nonsense : {"", "abc", "-1", "-1e300", "nan", "-nan", "-inf", "+5", " 5",
                                          "\r\n", "Fri, 31 Dec 1999 23:59:59 GMT", "1e-999", "1e999"}) {
    EXPECT_EQ(retry_after_of(nonsense, ""), 0ns) << nonsense;
    EXPECT_EQ(retry_after_of("", nonsense), 0ns) << nonsense;
  }
}

TEST(RetryAfterFields, AreADayAtMost) {
  EXPECT_EQ(retry_after_of("", "86399"), 86'399s);
  EXPECT_EQ(retry_after_of("", "86401"), 24h);
  for (const std::string_view huge :
       {"1e9", "9223372036854775807", "1e18", "1e300", "1.7976931348623157e308", "inf", "infinity"}) {
    EXPECT_EQ(retry_after_of(huge, ""), 24h) << huge;
    EXPECT_EQ(retry_after_of("", huge), 24h) << huge;
  }
}

TEST(BodyBeginning, KeepsWhatTheServerSaysInItAndNoMore) {
  const std::string text = "00000000000000a7+and more";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    BodyBeginning body;
    for (std::size_t at = 0; at < text.size(); at += step)
      body.append(std::string_view(text).substr(at, step));
    EXPECT_EQ(body.text(), "00000000000000a7+") << step;
    body.clear();
    EXPECT_EQ(body.text(), "");
    body.append("b8");
    EXPECT_EQ(body.text(), "b8");
  }
  EXPECT_LT(sizeof(BodyBeginning), 64U);
}

}  // namespace
}  // namespace fanbench
