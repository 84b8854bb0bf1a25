// Delays: their grammar, and that draws have the percentiles that the formulas say, to the same microsecond
// everywhere.
#include "mock_server/plan/delay.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "mock_server/plan/draws.hpp"
#include "mock_server/plan/refusal.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;

std::int64_t draw_us(const Delay& delay, std::uint64_t seed, CallId id, Attempt attempt = 0) {
  return draw_delay(delay, draw(seed, id, attempt, 1)).count() / 1000;
}

// ------------------------------------------------------------------------------------------------ text

TEST(DelayGrammar, RoundTrips) {
  for (const char* text :
       {"normal:mean=200ms,sd=20ms", "exponential:p50=20ms,p99=100ms", "pareto:p50=20ms,p99=200ms",
        "percentiles:p0=1ms,p50=20ms,p99.9=1.5s", "percentiles:p50=20ms", "samples:12ms,15ms,12ms,1.25s"}) {
    EXPECT_EQ(format_delay(parse_delay(text)), text);
  }
  EXPECT_EQ(format_delay(parse_delay("exponential:p50=20ms")), "exponential:p50=20ms,p99=132.877123ms");
}

TEST(DelayGrammar, RefusesInOneLineThatNamesTheKey) {
  const std::map<std::string, std::string> rows{
      {"gamma:p50=1ms", R"("gamma:p50=1ms" is neither a duration nor one of uniform, normal)"},
      {"normal:mean=3ms", "normal: sd is missing: normal:mean=200ms,sd=20ms"},
      {"normal:mean=-3ms,sd=1ms", R"(normal: mean: "-3ms": a duration begins with a digit: 200ms)"},
      {"exponential:p99=3ms", "exponential: p50 is missing: exponential:p50=20ms,p99=100ms"},
      {"exponential:p50=20ms,p99=133ms",
       "exponential: p99=133ms is not from p50 to 6.64 times as long, which is 132.877123ms: exponential:"},
      {"exponential:p50=20ms,p99=19ms", "exponential: p99=19ms is not from p50"},
      {"pareto:p50=30ms,p99=20ms", "pareto: p50=30ms is above p99=20ms: pareto:p50=20ms,p99=200ms"},
      {"pareto:p50=0,p99=20ms", "pareto: p50 is 0, but p99=20ms: pareto:"},
      {"percentiles:", R"(percentiles: "" is no p<percent>=<duration>: percentiles:p50=20ms)"},
      {"percentiles:p50", R"(percentiles: "p50" is no p<percent>=<duration>: percentiles:)"},
      {"percentiles:p101=1ms", R"(percentiles: "p101=1ms" is no percentile from p0 to p100: percentiles:)"},
      {"percentiles:pnan=1ms", R"("pnan=1ms" is no percentile from p0 to p100)"},
      {"percentiles:p=1ms", R"("p=1ms" is no percentile from p0 to p100)"},
      {"percentiles:p50=1ms,p50=2ms", R"("p50=2ms" is out of order: percentiles rise)"},
      {"percentiles:p50=2ms,p99=1ms", R"("p99=1ms" is out of order: percentiles rise)"},
      {"percentiles:p50=x", R"(percentiles: p50: "x": a duration begins with a digit: 200ms)"},
      {"samples:", R"(samples: "": a duration begins with a digit: 200ms)"},
      {"samples:1ms,,2ms", R"(samples: "": a duration begins with a digit: 200ms)"},
      {"samples:1ms,2", R"(samples: "2": a duration needs a unit: 2ms)"},
  };
  for (const auto& [text, expected] : rows) {
    try {
      parse_delay(text);
      ADD_FAILURE() << text << " was taken";
    } catch (const PlanError& error) {
      EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << text << ": " << error.what();
    }
  }
}

TEST(DelayLines, AFileHasSamplesOrPercentiles) {
  EXPECT_EQ(format_delay(parse_delay_lines("# exported\r\n12ms\r\n\n  15.5ms  \n")), "samples:12ms,15.5ms");
  EXPECT_EQ(format_delay(parse_delay_lines("p50=20ms\np99=200ms")), "percentiles:p50=20ms,p99=200ms");
  for (const char* text : {"", "\n# nothing\n", "12\n", "12ms,\n", "p50=1ms\n12ms\n"}) {
    EXPECT_THROW(parse_delay_lines(text), PlanError) << text;
  }
}

TEST(DelayLines, AFileThatAServerWouldNotTakeIsRefused) {
  const auto lines = [](std::size_t number) {
    std::string text;
    while (number-- > 0) text += "1.234ms\n";  // 8 bytes with the comma
    return text;
  };
  EXPECT_EQ(std::get<SamplesDelay>(parse_delay_lines(lines(124'000))).values.size(), 124'000);
  try {
    parse_delay_lines(lines(126'000));
    FAIL() << "taken";
  } catch (const PlanError& error) {
    EXPECT_EQ(std::string(error.what()).find("came 126000 durations, 1008007 bytes"), 0U) << error.what();
  }
}

// ----------------------------------------------------------------------------------------------- draws

// The values come from another implementation (Python: math.log, statistics.NormalDist). Changing one breaks
// every recorded result: do it only on purpose.
TEST(DelayDraws, NeverChange) {
  constexpr std::array<std::pair<CallId, Attempt>, 5> calls{
      {{0, 0}, {1, 0}, {2, 0}, {0, 1}, {4294967295, 0}}};
  struct Golden {
    std::array<std::int64_t, 5> delays_us;
    std::int64_t sum_us;  // of calls 0 … 19,999
  };
  const std::map<std::string, Golden> golden{
      {"normal:mean=200ms,sd=20ms", {{211240, 193053, 216403, 202724, 180054}, 3999512291}},
      {"normal:mean=5ms,sd=50ms", {{33099, 15762, 46008, 11810, 69106}, 835707685}},
      {"lognormal:p50=20ms,p99=200ms", {{34882, 14181, 45038, 22886, 7453}, 647944179}},
      {"exponential:p50=20ms", {{36011, 13065, 45577, 23308, 5007}, 574672368}},
      {"exponential:p50=20ms,p99=100ms", {{31348, 15085, 38127, 22345, 9374}, 523796449}},
      {"pareto:p50=20ms,p99=200ms", {{27725, 17362, 33699, 21396, 14730}, 629819437}},
      {"percentiles:p10=5ms,p50=20ms,p99.5=200ms", {{97431, 14906, 126886, 39696, 7224}, 1213807200}},
      {"samples:10ms,12.5ms,20ms,1s", {{20000, 12500, 1000000, 20000, 10000}, 5196545000}},
  };
  for (const auto& [text, expected] : golden) {
    const Delay delay = parse_delay(text);
    for (std::size_t i = 0; i < calls.size(); ++i) {
      EXPECT_EQ(draw_us(delay, 42, calls[i].first, calls[i].second), expected.delays_us[i])
          << text << ' ' << i;
    }
    std::int64_t sum = 0;
    for (CallId id = 0; id < 20'000; ++id) sum += draw_us(delay, 42, id);
    EXPECT_EQ(sum, expected.sum_us) << text;
  }
}

constexpr double draws = 1e6;

/// How many of 10⁶ draws, in order of size, lie where.
std::vector<std::int64_t> sorted_draws(const std::string& text) {
  const Delay delay = parse_delay(text);
  std::vector<std::int64_t> values;
  for (CallId id = 0; id < draws; ++id) values.push_back(draw_us(delay, 7, id));
  std::sort(values.begin(), values.end());
  return values;
}

double share_at_most(const std::vector<std::int64_t>& sorted, double us) {
  return static_cast<double>(std::upper_bound(sorted.begin(), sorted.end(), us) - sorted.begin()) / draws;
}

double phi(double z) { return std::erfc(-z / std::sqrt(2)) / 2; }

// The share of 10⁶ draws up to a point is binomial. The tolerance is 4.5 standard errors, which one
// comparison in 150,000 exceeds by chance; and half a microsecond, by which rounding moves the point.
TEST(DelayDraws, HaveTheDistributionThatTheFormulasSay) {
  const double sigma = std::log(10) / 2.3263478740408408;
  const double alpha = std::log(50) / std::log(10);
  const std::map<std::string, std::function<double(double)>> cdf_of_ms{
      {"uniform:min=10ms,max=50ms", [](double t) { return std::clamp((t - 10) / 40, 0.0, 1.0); }},
      {"normal:mean=200ms,sd=20ms", [](double t) { return phi((t - 200) / 20); }},
      {"normal:mean=5ms,sd=50ms", [](double t) { return (phi((t - 5) / 50) - phi(-0.1)) / (1 - phi(-0.1)); }},
      {"lognormal:p50=20ms,p99=200ms", [=](double t) { return phi(std::log(t / 20) / sigma); }},
      {"exponential:p50=20ms", [](double t) { return 1 - std::exp2(-t / 20); }},
      {"exponential:p50=20ms,p99=100ms",
       [](double t) { return std::max(0.0, 1 - 0.5 * std::exp(-(t - 20) / 80 * std::log(50))); }},
      {"pareto:p50=20ms,p99=200ms",
       [=](double t) { return std::max(0.0, 1 - 0.5 * std::pow(t / 20, -alpha)); }},
      {"percentiles:p10=5ms,p50=20ms,p99.5=200ms",
       [](double t) {
         return t < 20 ? 0.1 + 0.4 * (t - 5) / 15 : t < 200 ? 0.5 + 0.495 * (t - 20) / 180 : 1;
       }},
  };
  for (const auto& [text, cdf] : cdf_of_ms) {
    const auto values = sorted_draws(text);
    for (const double share : {0.15, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999}) {
      const double us = static_cast<double>(values[static_cast<std::size_t>(share * draws)]);
      const double expected = cdf(us / 1000), rounding = cdf((us + 0.5) / 1000) - cdf((us - 0.5) / 1000);
      EXPECT_NEAR(share_at_most(values, us), expected,
                  4.5 * std::sqrt(expected * (1 - expected) / draws) + rounding)
          << text << " up to " << us << " us";
    }
  }
}

TEST(DelayDraws, HaveThePercentilesTheyWereGivenBy) {
  for (const char* text :
       {"lognormal:p50=20ms,p99=200ms", "exponential:p50=20ms,p99=100ms", "pareto:p50=20ms,p99=200ms"}) {
    const auto values = sorted_draws(text);
    const double p99_us = std::string(text).ends_with("p99=100ms") ? 100'000 : 200'000;
    EXPECT_NEAR(share_at_most(values, 20'000), 0.5, 4.5 * 0.0005) << text;
    EXPECT_NEAR(share_at_most(values, p99_us), 0.99, 4.5 * 0.0000995) << text;
  }
}

TEST(DelayDraws, OfAFewValuesHaveTheirShares) {
  const std::map<std::string, std::map<std::int64_t, double>> rows{
      {"bimodal:fast=20ms,slow=200ms,slow_share=0.05", {{20'000, 0.95}, {200'000, 0.05}}},
      {"bimodal:fast=1ms,slow=2ms,slow_share=0", {{1'000, 1}}},
      {"bimodal:fast=1ms,slow=2ms,slow_share=1", {{2'000, 1}}},
      {"samples:10ms,12.5ms,10ms,1s", {{10'000, 0.5}, {12'500, 0.25}, {1'000'000, 0.25}}},
      {"percentiles:p30=10ms,p100=10ms", {{10'000, 1}}},
      {"normal:mean=10ms,sd=0", {{10'000, 1}}},
      {"normal:mean=0,sd=0", {{0, 1}}},
      {"exponential:p50=0", {{0, 1}}},
      {"pareto:p50=0,p99=0", {{0, 1}}},
      {"pareto:p50=3ms,p99=3ms", {{3'000, 1}}},
  };
  for (const auto& [text, shares] : rows) {
    std::map<std::int64_t, double> counts;
    for (const std::int64_t us : sorted_draws(text)) ++counts[us];
    EXPECT_EQ(counts.size(), shares.size()) << text;
    for (const auto& [us, share] : shares) {
      EXPECT_NEAR(counts[us] / draws, share, 4.5 * std::sqrt(share * (1 - share) / draws))
          << text << ' ' << us;
    }
  }
}

TEST(DelayDraws, TheExtremesOfEveryDistributionAreWholeMicrosecondsWithinBounds) {
  for (const char* text : {"uniform:min=0,max=3600s", "normal:mean=0,sd=3600s", "lognormal:p50=1ns,p99=3600s",
                           "exponential:p50=3600s,p99=3600s", "pareto:p50=1ns,p99=3600s",
                           "percentiles:p0=0,p100=3600s", "samples:1ns"}) {
    const Delay delay = parse_delay(text);
    for (const std::uint64_t bits : {std::uint64_t{0}, UINT64_MAX, UINT64_MAX >> 1, std::uint64_t{1} << 63}) {
      const Nanoseconds drawn = draw_delay(delay, bits);
      EXPECT_EQ(drawn.count() % 1000, 0) << text;
      EXPECT_GE(drawn, 0ns) << text;
      EXPECT_LE(drawn, max_duration) << text;
    }
  }
}

TEST(Arithmetic, OfOurOwnIsAsGoodAsTheLibrarys) {
  for (double x = 1e-300; x < 1e300; x *= 1.37) {
    EXPECT_NEAR(exact_log(x), std::log(x), 4e-16 * std::max(1.0, std::abs(std::log(x)))) << x;
  }
  for (double x = -690; x < 690; x += 0.1371) {
    EXPECT_NEAR(exact_exp(x) / std::exp(x), 1, 4e-16 * std::max(1.0, std::abs(x))) << x;
  }
  EXPECT_EQ(exact_log(1), 0);
  EXPECT_EQ(exact_exp(0), 1);
}

}  // namespace
}  // namespace fanbench
