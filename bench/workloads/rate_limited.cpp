// rate_limited: the service lets so many calls a second pass, and refuses the others, which are made again
// when it said or after a backoff of the client's own. Ideal: each call made when it passes, by as many
// workers as may.
#include "bench/specification/quota.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {
namespace {

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t) {
  return check_quota(c, outcome, ledger);
}

}  // namespace

Specification rate_limited() {
  return {
      .workload = "rate_limited",
      .in_short = "a service with a quota refuses what is beyond it",
      .sentence =
          "The service lets a number of calls a second pass, and answers the others with 429 and "
          "Retry-After; a few workers make each call until it passes (quotas, API keys). Ideal: each call "
          "made when it passes, so that efficiency is what is used of the quota.",
      .keys = quota_keys(),
      .example = R"(
calls = 8
latency = "20ms"
per_second = 50
burst = 2
limit = 3
)",
      .settle = settle_quota,
      .simulate = ideal_within_quota,
      .bound = least_within_quota,
      .in_flight = limited_calls,
      .refuse = refuse_quota,
      .check = check,
      .refuses_slots = {},
      .dealing = {.shared = {{"limit", &Scenario::limit}}},
  };
}

}  // namespace fanbench::workloads
