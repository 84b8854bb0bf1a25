// Programs that take part as models: what they may not say, and what is made of those that do not play along.
#include "impls/external/contestant.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>

#include "bench/machine/resources.hpp"
#include "bench/measure/measurement.hpp"
#include "bench/targets/server.hpp"
#include "tests/bench/cases.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;
using namespace cases;
using testing::HasSubstr, testing::IsEmpty, testing::MatchesRegex, testing::ThrowsMessage, testing::Throws;

external::Contestant toy(const std::string& words = "") {
  return {.name = "toy",
          .language = "Python",
          .command = fmt::format("{} -B contestant.py {}", TEST_PYTHON, words),
          .folder = std::filesystem::path(FANBENCH_SOURCE_DIR) / "tests/toys"};
}

/// A model whose program has so long for everything, where it has no longer.
ModelEntry model_of_toy(const std::string& words, Nanoseconds patience) {
  ModelEntry entry =
      external::entry(toy(words), {.hello = patience, .prepare = patience, .report = patience});
  entry.make = [make = entry.make, patience](Setup setup) {
    setup.patience = patience;
    return make(setup);
  };
  return entry;
}

Case cold(Case c) {
  c.transport = own_client;
  c.cold = true;
  c.plan.delay = std::holds_alternative<FixedDelay>(c.plan.delay) ? Delay(FixedDelay{100ms}) : c.plan.delay;
  return c;
}

std::map<std::string, double> row_of(const Case& c, const std::string& words, bool watched = false,
                                     Nanoseconds patience = 30s) {
  MockServer server(SERVER_PROGRAM);
  {
    const ModelEntry entry = model_of_toy(words, patience);
    Measurement measurement(c, entry, server);
    measurement.prepare(watched);
    measurement.iterate();
    return measurement.counters();
  }
}

Case cpu_case() {
  Case c = a_case("cpu", 4);
  c.work = 5ms;
  c.pin = Pin::shared;
  c.plan.delay = FixedDelay{};
  return c;
}

TEST(Contestant, TakesPartInWhatItHas) {
  for (const Case& c : {gather_case(), semaphore_case(), first_completed_case(), cpu_case()})
    EXPECT_EQ(row_of(cold(c), "").at("verified"), 1) << c.workload;
}

TEST(Contestant, HasTheFiguresOfAModelOfOurs) {
  const auto row = row_of(cold(gather_case()), "", true);
  EXPECT_GE(row.at("makespan_s"), 0.1);
  EXPECT_GE(row.at("latency_max_us"), 100'000);
  EXPECT_GT(row.at("cpu_us_per_call"), 0);
  EXPECT_GT(row.at("peak_pss_bytes"), 0);
  EXPECT_GE(row.at("threads_peak"), 6);
  EXPECT_FALSE(row.contains("recording_us_per_call"));  // its own is not known
}

TEST(Contestant, WorksAsLongAsItsOwnLanguageTakes) {
  EXPECT_NEAR(row_of(cold(cpu_case()), "").at("kernel_steps_per_ms"), 30'000, 1);
}

TEST(Contestant, WhatItDoesNotHaveIsNotApplicable) {
  EXPECT_THAT([] { row_of(cold(all_settled_case()), ""); },
              ThrowsMessage<NotApplicable>(HasSubstr(
                  "toy does not have all_settled: its hello names gather, semaphore, first_completed, cpu")));
}

TEST(Contestant, SaysWhyItCannotRunHere) {
  EXPECT_THAT([] { row_of(cold(gather_case()), "not_here hello"); },
              ThrowsMessage<NotApplicable>("toy cannot run here: there is no moon tonight"));
}

TEST(Contestant, IsIntroducedByItsHello) {
  EXPECT_EQ(external::hello_of(toy()).at("hello"), "toy");
  EXPECT_THAT([] { external::hello_of(toy("stays")); },
              ThrowsMessage<std::runtime_error>(HasSubstr("does not end by itself")));
}

struct Lie {
  const char* words;
  Case (*of)();
  const char* found_out;  // a regular expression
};
void PrintTo(const Lie& lie, std::ostream* out) { *out << lie.words; }

class LyingContestant : public testing::TestWithParam<Lie> {};

TEST_P(LyingContestant, IsFoundOut) {
  const Lie lie = GetParam();
  EXPECT_THAT([&] { row_of(cold(lie.of()), lie.words, false, 3s); },
              ThrowsMessage<std::runtime_error>(testing::ContainsRegex(lie.found_out)));
  EXPECT_THAT(descendants(0), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Lies, LyingContestant,
    testing::Values(
        Lie{"left_out", gather_case, "call 4 has answer 0123456789abcdef, expected"},
        Lie{"twice", gather_case, "1 calls reached the server twice"},
        Lie{"unrecorded_attempt", gather_case, "saw attempt 1 of call 0, which is recorded with 1"},
        Lie{"invented_answer", gather_case, "call 1 has answer 0123456789abcdef, expected"},
        Lie{"done_early", gather_case, "recorded as finished after the fan-out"},
        Lie{"finished_early", gather_case,
            "recorded as answered within|before it is recorded as started|after the fan-out"},
        Lie{"started_late", gather_case,
            "reached the server before it is recorded as started|answered within"},
        Lie{"too_many", semaphore_case, "calls were in flight at once, expected at most 2"},
        Lie{"false_winner", first_completed_case, "call [0-9]"},
        Lie{"not_cancelled", first_completed_case, "was not cancelled|call [0-9]"},
        Lie{"lazy", cpu_case, "the work was not done right"},
        Lie{"lost_record", gather_case, "call 4 was lost: it has no verdict"},
        Lie{"two_records", gather_case, "toy: there are two records of call 0"},
        Lie{"garbage_record", gather_case,
            "has in line 1 of its records \"call me maybe\", expected call ID INTENDED STARTED FINISHED"},
        Lie{"unknown_call", gather_case, "has in line 6 of its records \"call 99"},
        Lie{"no_file", gather_case, "has not written its records"}));

INSTANTIATE_TEST_SUITE_P(
    Phases, LyingContestant, testing::ValuesIn([] {
      struct Fault {
        const char* what;
        const char* found_out;
      };
      static std::vector<std::pair<std::string, std::string>> texts;
      std::vector<Lie> all;
      for (const char* phase : {"hello", "prepare", "run", "report"}) {
        for (const Fault& fault :
             {Fault{"crash",
                    "exited with status 3 before it answered \"{}\"; its last words: it is all too much"},
              Fault{"killed", "was ended by signal 9 .* before it answered \"{}\""},
              Fault{"hang", "did not answer \"{}\" within 3 s"},
              Fault{"nonsense", "answered \"{}\" with nonsense, expected a line of JSON with"},
              Fault{"flood", "answered \"{}\" with [0-9]+ bytes without an end of line"}})
          texts.emplace_back(fmt::format("{} {}", fault.what, phase),
                             fmt::format(fmt::runtime(fault.found_out), phase));
      }
      texts.emplace_back("two_lines run",
                         "said more than one line, before \"report\"|answered \"report\" with .\"done\"");
      for (const auto& [words, found_out] : texts)
        all.push_back({words.c_str(), gather_case, found_out.c_str()});
      return all;
    }()));

TEST(Contestant, MaySayMuchToPeople) {
  for (const char* phase : {"hello", "run", "report"})
    EXPECT_EQ(row_of(cold(gather_case()), fmt::format("complain {}", phase)).at("verified"), 1) << phase;
}

TEST(Contestant, PaysForWhatItsGrandchildrenUse) {
  const auto with_cpu = row_of(cold(gather_case()), "grandchild cpu");
  EXPECT_GE(with_cpu.at("cpu_us_per_call") * 5, 300'000);
  EXPECT_THAT(descendants(0), IsEmpty());
  const auto with_memory = row_of(cold(gather_case()), "grandchild memory", true);
  EXPECT_GE(with_memory.at("pss_bytes_per_call") * 5, 60e6);
  EXPECT_THAT(descendants(0), IsEmpty());
}

}  // namespace
}  // namespace fanbench
