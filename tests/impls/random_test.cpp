// Random scenarios: every model comes to the same outcome, the one that the plan predicts. FANBENCH_SEED is
// the first of twenty seeds; 1, where it is not set.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "bench/machine/cpus.hpp"
#include "bench/measure/measurement.hpp"
#include "bench/specification/checks.hpp"
#include "tests/bench/random_case.hpp"

namespace fanbench {
namespace {

std::string outcome_of(CallId chosen, std::span<const CallRecord> records) {
  // Who else had an end before the race was over, or the first failure came, is a matter of time.
  if (chosen != Recorder::none) return fmt::format("{}", chosen);
  std::string text;
  for (const CallRecord& record : records) {
    text += fmt::format("{} {} {:x} {}; ", to_string(record.verdict), record.status, record.answer,
                        record.attempts);
  }
  return text;
}

/// Whether the plan alone decides which attempts are made, and so whose answers are taken. Elsewhere it is a
/// matter of moments: who is hedged within the budget, whom the service refuses, what is begun just before a
/// signal or the end of a budget.
bool is_planned(const Specification& specification) {
  return !specification.hedges && !specification.terminates && !has_key(specification, "per_second") &&
         !specification.completes;
}

class RandomScenarios : public testing::TestWithParam<std::string_view> {};

TEST_P(RandomScenarios, HaveTheSameOutcomeInAllModels) {
  MockServer server(SERVER_PROGRAM);
  int compared = 0;
  const char* const chosen = std::getenv("FANBENCH_SEED");
  const std::uint64_t first_seed = chosen ? std::strtoull(chosen, nullptr, 10) : 1;
  for (std::uint64_t seed = first_seed; seed < first_seed + 20; ++seed) {
    const Case base = verifiable_case(GetParam(), seed);
    std::string first;
    for (const ModelEntry& entry : models()) {
      if (!entry.supports(base.workload, base.transport)) continue;
      Case c = base;
      c.model = entry.name;
      if (entry.has_loops) c.workers = 1 + seed % 3;
      resolve(c, static_cast<std::uint32_t>(allowed_cpus().size()));
      SCOPED_TRACE(fmt::format("{} seed {}, plan seed {}", entry.name, seed, c.plan.seed));
      Measurement measurement(c, entry, server);
      try {
        measurement.prepare(false);
      } catch (const NotApplicable&) {
        continue;
      } catch (const WrongResult& wrong) {
        ADD_FAILURE() << wrong.what() << '\n' << case_name(c);
        continue;
      }
      // One after another, another failure may come first.
      const bool one_by_one = entry.most_in_flight({.workers = c.workers}) == 1;
      if (measurement.chosen() != Recorder::none && c.scenario.calls > 1 && one_by_one) continue;
      const std::string outcome = outcome_of(measurement.chosen(), measurement.records());
      if (first.empty()) first = outcome;
      if (is_planned(specification_of(c.workload))) {
        EXPECT_EQ(outcome, first) << case_name(c);
      }
      ++compared;
    }
  }
  EXPECT_GE(compared, 4 * 20);
}

INSTANTIATE_TEST_SUITE_P(All, RandomScenarios, testing::ValuesIn([] {
                           std::vector<std::string_view> names;
                           for (const Specification& row : specifications()) names.push_back(row.workload);
                           return names;
                         }()),
                         [](const auto& row) { return std::string(row.param); });

}  // namespace
}  // namespace fanbench
