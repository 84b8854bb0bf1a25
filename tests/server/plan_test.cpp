// The plan: its grammar, its errors, and that its draws never change.
#include "mock_server/plan/plan.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "mock_server/plan/printable.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;

std::string error_of(auto read) {
  try {
    read();
  } catch (const PlanError& error) {
    return error.what();
  }
  return "no error";
}
std::string duration_error(std::string_view text) {
  return error_of([&] { parse_duration(text); });
}
std::string delay_error(std::string_view text) {
  return error_of([&] { parse_delay(text); });
}
std::string plan_error(std::string_view json) {
  return error_of([&] { parse_plan(json); });
}

void expect_names(const std::string& error, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts)
    EXPECT_NE(error.find(part), std::string::npos) << part << "\n" << error;
  EXPECT_EQ(error.find('\n'), std::string::npos) << error;
}

Plan plan_of(std::string_view delay, std::uint64_t seed = 42) {
  Plan plan;
  plan.seed = seed;
  plan.delay = parse_delay(delay);
  return plan;
}

std::int64_t delay_us(const Plan& plan, CallId id, Attempt attempt = 0) {
  return std::chrono::duration_cast<std::chrono::microseconds>(planned_reply(plan, id, attempt).delay)
      .count();
}

// ------------------------------------------------------------------------------------------- durations

TEST(Duration, ReadsEveryUnit) {
  EXPECT_EQ(parse_duration("200ms"), 200ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("250us"), 250us);
  EXPECT_EQ(parse_duration("10ns"), 10ns);
  EXPECT_EQ(parse_duration("0"), 0ns);
  EXPECT_EQ(parse_duration("0ms"), 0ns);
  EXPECT_EQ(parse_duration("0.3us"), 300ns);  // a double would say 299
  EXPECT_EQ(parse_duration("1.000000001s"), 1'000'000'001ns);
  EXPECT_EQ(parse_duration("1.50000000000000s"), 1500ms);
  EXPECT_EQ(parse_duration("3600s"), max_duration);
}

/// Each with the form that is nearest to it.
TEST(Duration, RefusesWhatIsNoDuration) {
  const std::string digit = "a duration begins with a digit: ", needs_unit = "a duration needs a unit: ",
                    units = "a duration's unit is s, ms, us or ns: ",
                    number = "a duration is a number and its unit: 1.5s",
                    whole = "a duration is in whole nanoseconds: 1ns",
                    hour = "a duration is an hour at most: 3600s";
  const std::map<std::string, std::string> rows{{"", digit + "200ms"},
                                                {"ms", digit + "200ms"},
                                                {"-5ms", digit + "200ms"},
                                                {"+5ms", digit + "200ms"},
                                                {" 5ms", digit + "5ms"},
                                                {".5s", digit + "200ms"},
                                                {"nan", digit + "200ms"},
                                                {"infs", digit + "200ms"},
                                                {"5", needs_unit + "5ms"},
                                                {"1500", needs_unit + "1.5s"},
                                                {"0.5", needs_unit + "500us"},
                                                {"5.", needs_unit + "200ms"},
                                                {"9999999999", needs_unit + "200ms"},
                                                {"5 ms", units + "5ms"},
                                                {"5ms ", units + "5ms"},
                                                {"5MS", units + "5ms"},
                                                {"5 Us", units + "5us"},
                                                {"5m", units + "200ms"},
                                                {"5h", units + "200ms"},
                                                {"1e3ms", units + "200ms"},
                                                {"0x5ms", units + "200ms"},
                                                {"5msms", units + "200ms"},
                                                {"5.s", number},
                                                {"1.5.5s", number},
                                                {"1.5ns", whole},
                                                {"1.05ns", whole},
                                                {"0.0000000001s", whole},
                                                {"3600.000000001s", hour},
                                                {"3601s", hour},
                                                {"99999999999999999999999s", hour},
                                                {"18446744073709551617ns", hour}};
  for (const auto& [text, why] : rows) EXPECT_EQ(duration_error(text), '"' + text + "\": " + why);
}

TEST(Duration, ErrorsStayOnOneLine) {
  EXPECT_EQ(duration_error("5\nms\x01").substr(0, 14), R"("5\nms\x01": a)");
  EXPECT_LT(duration_error(std::string(10'000, '5')).size(), 300U);
}

TEST(Duration, RoundTrips) {
  EXPECT_EQ(format_duration(200ms), "200ms");
  EXPECT_EQ(format_duration(1500ms), "1.5s");
  EXPECT_EQ(format_duration(0ns), "0ms");
  EXPECT_EQ(format_duration(1'000'000'001ns), "1.000000001s");
  EXPECT_EQ(format_duration(1050us), "1.05ms");
  EXPECT_EQ(format_duration(max_duration), "3600s");
  for (std::int64_t ns = 1; ns <= max_duration.count(); ns = ns * 3 + 1) {
    EXPECT_EQ(parse_duration(format_duration(Nanoseconds(ns))), Nanoseconds(ns));
  }
}

// ---------------------------------------------------------------------------------------------- delays

TEST(DelayText, RoundTrips) {
  for (const char* text :
       {"200ms", "0ms", "uniform:min=10ms,max=50ms", "lognormal:p50=20ms,p99=200ms",
        "bimodal:fast=20ms,slow=200ms,slow_share=0.05", "bimodal:fast=0ms,slow=1.5s,slow_share=1",
        "bimodal:fast=0ms,slow=1.5s,slow_share=1e-05"}) {
    EXPECT_EQ(format_delay(parse_delay(text)), text);
  }
  EXPECT_EQ(format_delay(parse_delay("uniform:max=50ms,min=0")), "uniform:min=0ms,max=50ms");
}

/// Characters as they came, and nothing that a terminal would obey.
TEST(Text, IsQuotedReadably) {
  const std::map<std::string, std::string> rows{
      {"plain \"text\"", "plain \"text\""},
      {"Größe 5 µs, 五毫秒, 🐌", "Größe 5 µs, 五毫秒, 🐌"},
      {"a\nb\r\tc", R"(a\nb\r\tc)"},
      {std::string("\x01\x1b[31m\x7f\0", 8), R"(\x01\x1b[31m\x7f\x00)"},
      {"\u0085\u009b31m", R"(\u0085\u009b31m)"},                    // C1: a terminal obeys these, too
      {"\u2028\u202e\u2066\u2069", R"(\u2028\u202e\u2066\u2069)"},  // new lines and directions
      {"\u00a0\u2027\u202f\u206a", "\u00a0\u2027\u202f\u206a"},     // their neighbours
      {"caf\xe9", R"(caf\xe9)"},                                    // Latin-1
      {"\xff\xfe\x80", R"(\xff\xfe\x80)"},
      {"\xc3", R"(\xc3)"},  // cut short
      {"\xe2\x82x", R"(\xe2\x82x)"},
      {"\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf", R"(\xc0\xaf\xe0\x80\xaf\xf0\x80\x80\xaf)"},  // overlong
      {"\xed\xa0\x80\xf4\x90\x80\x80", R"(\xed\xa0\x80\xf4\x90\x80\x80)"},  // surrogate, beyond the last
      {"\uffff\U0010ffff\u0800", "\uffff\U0010ffff\u0800"},
  };
  for (const auto& [text, shown] : rows) EXPECT_EQ(quote(text), '"' + shown + '"');
}

TEST(Text, IsCutBetweenCharacters) {
  EXPECT_EQ(printable(std::string(60, 'x')), std::string(60, 'x'));
  EXPECT_EQ(printable(std::string(61, 'x')), std::string(60, 'x') + "…");
  EXPECT_EQ(printable(std::string(59, 'x') + "ü"), std::string(59, 'x') + "…");
  EXPECT_EQ(printable(std::string(58, 'x') + "ü"), std::string(58, 'x') + "ü");
  EXPECT_EQ(printable(std::string(58, 'x') + "\n!"), std::string(58, 'x') + "\\n…");
  EXPECT_EQ(printable(std::string(10'000, 'x'), std::string::npos).size(), 10'000U);
}

TEST(DelayText, ErrorsNameTheKey) {
  const std::string uniform = "uniform:min=10ms,max=50ms", lognormal = "lognormal:p50=20ms,p99=200ms";
  const std::map<std::string, std::string> rows{
      {"uniform", "min is missing"},
      {"uniform:", "min is missing"},
      {"uniform:min=10", "max is missing"},
      {"uniform:max=10ms", "min is missing"},
      {"uniform:min=10ms,max=50ms,", "\"\" is none of its keys"},
      {"uniform:min=10ms,mx=50ms", "\"mx\" is none of its keys"},
      {"uniform:10ms,50ms", "\"10ms\" is none of its keys"},
      {"uniform:min,max=50ms", "min has no value"},
      {"uniform:min=10ms,min=20ms,max=50ms", "min comes twice"},
      {"uniform:min=50ms,max=10ms", "min=50ms is above max=10ms"},
      {"lognormal:p50=50ms,p99=10ms", "p50=50ms is above p99=10ms"},
      {"lognormal:p50=0,p99=10ms", "p50 is 0, but p99=10ms"},
  };
  for (const auto& [text, why] : rows) {
    const bool is_uniform = text.starts_with("uniform");
    EXPECT_EQ(delay_error(text),
              (is_uniform ? "uniform: " : "lognormal: ") + why + ": " + (is_uniform ? uniform : lognormal));
  }
  EXPECT_EQ(delay_error("uniform:min=10,max=50ms"), R"(uniform: min: "10": a duration needs a unit: 10ms)");
  EXPECT_EQ(delay_error("uniform:min=10ms,max=x"),
            R"(uniform: max: "x": a duration begins with a digit: 200ms)");
  for (const char* share : {"nan", "-0.1", "1.1", "inf", "", "0.5x", "5%"}) {
    EXPECT_EQ(delay_error(std::string("bimodal:fast=1ms,slow=2ms,slow_share=") + share),
              std::string("bimodal: slow_share: \"") + share +
                  "\" is no number from 0 to 1: bimodal:fast=20ms,slow=200ms,slow_share=0.05");
  }
}

/// One form, the nearest, and not the whole grammar.
TEST(DelayText, ErrorsShowTheNearestForm) {
  EXPECT_EQ(delay_error("5"), R"("5": a duration needs a unit: 5ms)");
  EXPECT_EQ(delay_error(""), R"("": a duration begins with a digit: 200ms)");
  EXPECT_EQ(delay_error("-5ms"), R"("-5ms": a duration begins with a digit: 200ms)");
  EXPECT_EQ(delay_error("ünif:min=1ms"), R"("ünif:min=1ms": a duration begins with a digit: 200ms)");
  EXPECT_EQ(delay_error("10ms,20ms"), R"("10ms,20ms": a duration's unit is s, ms, us or ns: 200ms)");
  const std::map<std::string, std::string> rows{
      {"unifrom", "uniform:min=10ms,max=50ms"},
      {"Uniform", "uniform:min=10ms,max=50ms"},
      {"log-normal", "lognormal:p50=20ms,p99=200ms"},
      {"norm", "normal:mean=200ms,sd=20ms"},
      {"exponentail", "exponential:p50=20ms,p99=100ms"},
      {"paretto", "pareto:p50=20ms,p99=200ms"},
      {"bimodel", "bimodal:fast=20ms,slow=200ms,slow_share=0.05"},
      {"percentile", "percentiles:p50=20ms,p90=80ms,p99.9=1s"},
      {"sample", "samples:12ms,15.5ms,12ms"},
  };
  for (const auto& [name, form] : rows) {
    EXPECT_EQ(delay_error(name + ":x=1ms"), '"' + name + "\" is no distribution: " + form);
    EXPECT_EQ(delay_error(name), '"' + name + "\" is no distribution: " + form);
    EXPECT_NO_THROW(parse_delay(form));
  }
  for (const std::string text : {"gamma:p50=1ms", "fast", "file:latencies.txt"}) {
    EXPECT_EQ(delay_error(text),
              '"' + text +
                  "\" is neither a duration nor one of uniform, normal, lognormal, exponential, pareto, "
                  "bimodal, percentiles, samples: 200ms");
  }
  EXPECT_LT(delay_error(std::string(1'000'000, 'u')).size(), 300U);
}

// ----------------------------------------------------------------------------------------------- plans

TEST(PlanText, EveryKeyMayBeLeftOut) {
  const Plan plan = parse_plan("{}");
  EXPECT_EQ(plan.seed, 1U);
  EXPECT_EQ(std::get<FixedDelay>(plan.delay).value, 0ns);
  EXPECT_EQ(plan.failures.rate, 0);
  EXPECT_EQ(plan.body_bytes, 64U);
}

TEST(PlanText, RoundTrips) {
  const std::string text =
      R"({"seed":18446744073709551615,"delay":"lognormal:p50=20ms,p99=200ms","failures":{"rate":0.1,"attempts":3,)"
      R"("kinds":[503,"reset",429],"retry_after":"50ms"},"body_bytes":67108864,"chain":5})";
  EXPECT_EQ(format_plan(parse_plan(text)), text);
  const std::string streams =
      R"({"seed":1,"delay":"0ms","failures":{"rate":0.0,"attempts":1,"kinds":[503],"retry_after":"0ms"},)"
      R"("body_bytes":64,"chain":1,"same_delay":true,)"
      R"("stream":{"events":3,"interval":"20ms","form":"sse","split":true}})";
  EXPECT_EQ(format_plan(parse_plan(streams)), streams);
  const std::string part =
      R"({"seed":1,"delay":"0ms","failures":{"rate":0.0,"attempts":1,"kinds":[503],"retry_after":"0ms"},)"
      R"("body_bytes":64,"chain":1,"first":4294967295})";
  EXPECT_EQ(format_plan(parse_plan(part)), part);
  EXPECT_EQ(format_plan(parse_plan(format_plan(Plan{}))), format_plan(Plan{}));
  EXPECT_EQ(parse_plan(R"({"failures":{"rate":1}})").failures.rate, 1);
}

TEST(PlanText, ErrorsNameTheKey) {
  expect_names(plan_error(""), {"plan", "JSON"});
  expect_names(plan_error("{\"seed\":1} x"), {"JSON"});
  expect_names(plan_error("[]"), {"plan", "seed, delay, same_delay, failures, body_bytes, chain"});
  expect_names(plan_error("null"), {"null", "object"});
  expect_names(plan_error(R"({"dely":1})"), {"\"dely\"", "seed, delay"});
  expect_names(plan_error(R"({"seed":1,"seed":2})"), {"\"seed\"", "twice"});
  for (const char* seed : {"-1", "1.5", "\"1\"", "null", "18446744073709551616", "true"}) {
    expect_names(plan_error(std::string(R"({"seed":)") + seed + "}"), {"plan: seed: came ", "whole number"});
  }
  expect_names(plan_error(R"({"seed":1e999})"), {"numbers that fit"});
  expect_names(plan_error(R"({"delay":200})"), {"delay: came 200", "200ms"});
  expect_names(plan_error(R"({"delay":"uniform:min=1ms"})"),
               {"plan: delay: uniform: max is missing: uniform:min="});
  expect_names(plan_error(R"({"body_bytes":15})"), {"body_bytes", "15", "from 16 to 67108864"});
  expect_names(plan_error(R"({"body_bytes":67108865})"), {"body_bytes"});
  expect_names(plan_error(R"({"chain":0})"), {"chain", "from 1 to 1000000"});
  expect_names(plan_error(R"({"first":4294967296})"), {"first", "from 0 to 4294967295"});
  expect_names(plan_error(R"({"chain":2,"body_bytes":16})"),
               {"body_bytes: came 16 with chain 2", "at least 17"});
  expect_names(plan_error(R"({"failures":3})"),
               {"failures", "rate, ids, attempts, at_least, kinds, retry_after, over"});
  expect_names(plan_error(R"({"failures":{"rat":1}})"), {"failures", "\"rat\""});
  for (const char* rate : {"-0.1", "1.01", "\"x\"", "null", "[0.5]"}) {
    expect_names(plan_error(std::string(R"({"failures":{"rate":)") + rate + "}}"),
                 {"failures: rate: came ", "from 0 to 1"});
  }
  for (const char* attempts : {"0", "1001", "-1", "1.5"}) {
    expect_names(plan_error(std::string(R"({"failures":{"attempts":)") + attempts + "}}"),
                 {"failures: attempts: came ", "from 1 to 1000"});
  }
  for (const char* at_least : {"0", "1001", "-1", "1.5"}) {
    expect_names(plan_error(std::string(R"({"failures":{"attempts":1000,"at_least":)") + at_least + "}}"),
                 {"failures: at_least: came ", "from 1 to 1000"});
  }
  expect_names(plan_error(R"({"failures":{"at_least":3,"attempts":2}})"),
               {"failures: at_least: came 3 with attempts 2, expected"});
  expect_names(plan_error(R"({"capacity":{"burst":3}})"),
               {"plan: capacity: burst: came 3 without per_second, expected a per_second"});
  expect_names(plan_error(R"({"capacity":{"burst":1,"slots":2}})"), {"burst: came 1 without per_second"});
  expect_names(plan_error(R"({"failures":{"at_least":2}})"), {"at_least: came 2 with attempts 1, expected"});
  for (const char* kinds :
       {"[]", "503", "[399]", "[600]", "[0]", "[\"rst\"]", "[503,200]", "[503.5]", "[-503]", "{}"}) {
    expect_names(plan_error(std::string(R"({"failures":{"kinds":)") + kinds + "}}"),
                 {"failures: kinds: came ", "400 to 599"});
  }
  expect_names(plan_error(R"({"failures":{"retry_after":"-5ms"}})"),
               {"failures: retry_after: \"-5ms\": a duration"});
  expect_names(plan_error(R"({"failures":{"retry_after":5}})"), {"failures: retry_after: came 5"});
}

TEST(PlanText, HostileTextIsRefusedInOneLine) {
  expect_names(plan_error(std::string(500'000, '[')),
               {"plan"});  // deep enough to overflow a recursive reader's stack
  expect_names(plan_error(R"({"seed":)" + std::string(500'000, '[') + std::string(500'000, ']') + "}"),
               {"plan"});
  expect_names(plan_error("{\"a\nb\":1}"), {"plan"});
  expect_names(plan_error(R"({"a\nb":1})"), {R"("a\nb")"});
  expect_names(plan_error(R"({"größe":1})"), {R"("größe")"});
  expect_names(plan_error(R"({"capacity":["größe\u202e"]})"), {R"(["größe\u202e"])"});
  expect_names(plan_error("{\"\xff\xfe\":1}"), {"plan"});
  EXPECT_LT(plan_error("{\"" + std::string(100'000, 'k') + "\":1}").size(), 300U);
}

// ----------------------------------------------------------------------------------------------- draws

// The values come from another implementation (Python: statistics.NormalDist). Changing one breaks every
// recorded result: do it only on purpose.
TEST(Draws, NeverChange) {
  constexpr std::array<std::pair<CallId, Attempt>, 5> calls{
      {{0, 0}, {1, 0}, {2, 0}, {0, 1}, {4294967295, 0}}};
  const std::map<std::string, std::array<std::int64_t, 5>> expected{
      {"200ms", {200'000, 200'000, 200'000, 200'000, 200'000}},
      {"uniform:min=10ms,max=50ms", {38517, 24566, 41757, 32167, 16372}},
      {"lognormal:p50=20ms,p99=200ms", {34882, 14181, 45038, 22886, 7453}},
      {"bimodal:fast=20ms,slow=200ms,slow_share=0.05", {20'000, 20'000, 20'000, 20'000, 20'000}},
  };
  for (const auto& [text, delays] : expected) {
    for (std::size_t i = 0; i < calls.size(); ++i) {
      EXPECT_EQ(delay_us(plan_of(text), calls[i].first, calls[i].second), delays[i]) << text << " call " << i;
    }
  }
  EXPECT_EQ(planned_reply(plan_of("0"), 0, 0).answer, 0x6310bf04d8207f46);
  EXPECT_EQ(planned_reply(plan_of("0"), 1, 0).answer, 0x2ce02c4ee4d2ea09);
  EXPECT_EQ(planned_reply(plan_of("0"), 0, 1).answer, 0x560ada238512749e);

  Plan failing = plan_of("0");
  failing.failures = {.rate = 0.5, .attempts = 3, .kinds = {503, Failures::reset, 429}, .retry_after = {}};
  constexpr std::array<std::array<std::uint16_t, 4>, 6> statuses{{{200, 200, 200, 200},
                                                                  {200, 200, 200, 200},
                                                                  {200, 200, 200, 200},
                                                                  {429, 200, 200, 200},
                                                                  {503, 429, 200, 200},
                                                                  {503, 200, 200, 200}}};
  for (CallId id = 0; id < statuses.size(); ++id) {
    for (Attempt a = 0; a < 4; ++a)
      EXPECT_EQ(planned_reply(failing, id, a).status, statuses[id][a]) << id << ' ' << a;
  }
}

TEST(Draws, AreWholeMicrosecondsWithinBounds) {
  const Plan plan = plan_of("lognormal:p50=30s,p99=3600s");
  for (CallId id = 0; id < 100'000; ++id) {
    const Nanoseconds delay = planned_reply(plan, id, 0).delay;
    ASSERT_EQ(delay.count() % 1000, 0);
    ASSERT_GE(delay, 0ns);
    ASSERT_LE(delay, max_duration);
  }
  EXPECT_EQ(delay_us(plan_of("499ns"), 0), 0);
  EXPECT_EQ(delay_us(plan_of("500ns"), 0), 1);
  EXPECT_EQ(delay_us(plan_of("lognormal:p50=0,p99=0"), 0), 0);
  EXPECT_EQ(delay_us(plan_of("lognormal:p50=20ms,p99=20ms"), 0), 20'000);
}

TEST(Draws, DependOnSeedIdAndAttempt) {
  const Plan plan = plan_of("uniform:min=0,max=1000s");
  std::set<std::int64_t> delays;
  std::set<std::uint64_t> answers;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (CallId id = 0; id < 100; ++id) {
      for (Attempt attempt = 0; attempt < 10; ++attempt) {
        const PlannedReply reply = planned_reply(plan_of("uniform:min=0,max=1000s", seed), id, attempt);
        delays.insert(reply.delay.count());
        answers.insert(reply.answer);
      }
    }
  }
  EXPECT_EQ(answers.size(), 20'000U);
  EXPECT_GT(delays.size(), 19'000U);  // of a thousand million microseconds, a few may coincide
}

TEST(Failing, ARateOfTheIdsFailsFirstAndSucceedsThen) {
  Plan plan = plan_of("0");
  plan.failures = {.rate = 0.1, .attempts = 4, .kinds = {503, 404, Failures::reset}, .retry_after = 70ms};
  std::map<Attempt, int> ids_by_failing_attempts;
  std::map<std::uint16_t, int> kinds;
  for (CallId id = 0; id < 100'000; ++id) {
    Attempt failing = 0;
    for (; failing <= 4; ++failing) {
      const PlannedReply reply = planned_reply(plan, id, failing);
      if (reply.status == 200) break;
      ++kinds[reply.status];
      ASSERT_EQ(reply.retry_after, reply.status == 503 ? 70ms : 0ms);
    }
    ASSERT_LE(failing, 4U);
    for (Attempt later = failing; later < 8; ++later) ASSERT_EQ(planned_reply(plan, id, later).status, 200);
    ++ids_by_failing_attempts[failing];
  }
  EXPECT_NEAR(ids_by_failing_attempts[0], 90'000, 400);
  for (Attempt a = 1; a <= 4; ++a) EXPECT_NEAR(ids_by_failing_attempts[a], 2'500, 200) << a;
  EXPECT_EQ(kinds.size(), 3U);
  for (const auto& [kind, count] : kinds) EXPECT_NEAR(count, 25'000 / 3, 450) << kind;
}

TEST(Failing, AtLeastSoOften) {
  Plan plan = parse_plan(R"({"failures":{"rate":1,"at_least":2,"attempts":2}})");
  for (CallId id = 0; id < 1'000; ++id) {
    for (Attempt a = 0; a < 4; ++a) ASSERT_EQ(planned_reply(plan, id, a).status, a < 2 ? 503 : 200);
  }
  plan = parse_plan(R"({"failures":{"rate":1,"at_least":3,"attempts":5}})");
  std::map<Attempt, int> ids_by_failing_attempts;
  for (CallId id = 0; id < 30'000; ++id) {
    Attempt failing = 0;
    while (planned_reply(plan, id, failing).status != 200) ++failing;
    ++ids_by_failing_attempts[failing];
  }
  EXPECT_EQ(ids_by_failing_attempts.size(), 3U);
  for (Attempt a = 3; a <= 5; ++a) EXPECT_NEAR(ids_by_failing_attempts[a], 10'000, 500) << a;
  EXPECT_NE(format_plan(plan).find(R"("at_least":3)"), std::string::npos) << format_plan(plan);
  EXPECT_EQ(format_plan(parse_plan(format_plan(plan))), format_plan(plan));
  EXPECT_EQ(format_plan(Plan{}).find("at_least"), std::string::npos);
}

TEST(Failing, RulesAreIndependentAndTheFirstDecides) {
  Plan plan = plan_of("0");
  plan.failures = {.rate = 0.5, .kinds = {500}};
  plan.more_failures = {{.rate = 0.5, .kinds = {501}}, {.kinds = {502}, .ids = {7, 9}}};
  std::map<std::uint16_t, int> statuses;
  for (CallId id = 0; id < 100'000; ++id) ++statuses[planned_reply(plan, id, 0).status];
  EXPECT_NEAR(statuses[500], 50'000, 700);
  EXPECT_NEAR(statuses[501], 25'000, 600);
  EXPECT_NEAR(statuses[200], 25'000, 600);
  plan.failures.rate = 0;
  plan.more_failures[0].rate = 0;
  for (CallId id = 0; id < 12; ++id)
    EXPECT_EQ(planned_reply(plan, id, 0).status, id == 7 || id == 9 ? 502 : 200);
}

TEST(Failing, FaultsSayWhatTheClientGets) {
  for (const auto& [name, status, whole] : {std::tuple{"reset", 0, false},
                                            {"reset_body", 200, false},
                                            {"cut", 200, false},
                                            {"drip", 200, true},
                                            {"hang", 0, false},
                                            {"garbage", 0, false},
                                            {"slow_accept", 200, true}}) {
    const Plan plan =
        parse_plan(std::string(R"({"failures":{"rate":1,"over":"5ms","kinds":[")") + name + "\"]}}");
    const PlannedReply reply = planned_reply(plan, 0, 0);
    EXPECT_EQ(reply.status, status) << name;
    EXPECT_EQ(is_whole(reply), whole) << name;
    EXPECT_EQ(reply.over, whole ? 5ms : 0ns) << name;
    EXPECT_EQ(format_plan(parse_plan(format_plan(plan))), format_plan(plan));
  }
}

TEST(Failing, RatesOfNoneAndAll) {
  Plan plan = plan_of("0");
  for (CallId id = 0; id < 10'000; ++id) ASSERT_EQ(planned_reply(plan, id, 0).status, 200);
  plan.failures.rate = 1;
  for (CallId id = 0; id < 10'000; ++id) {
    ASSERT_EQ(planned_reply(plan, id, 0).status, 503);
    ASSERT_EQ(planned_reply(plan, id, 1).status, 200);
  }
}

}  // namespace
}  // namespace fanbench
