// llm_client: prompts to an API with a quota, whose replies are streams of tokens. Ideal: each prompt sent
// when it passes, by as many workers as may, and read to its last token.
#include "bench/specification/quota.hpp"
#include "bench/specification/schedules.hpp"
#include "bench/specification/streams.hpp"

namespace fanbench::workloads {
namespace {

void settle(Case& c) {
  settle_quota(c);
  settle_stream(c);
}

Mistake refuse(const Case& c) {
  if (auto mistake = refuse_quota(c)) return mistake;
  return refuse_stream(c);
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t) {
  if (auto mistake = check_quota(c, outcome, ledger)) return mistake;
  return check_streams(c, outcome, ledger);
}

std::vector<Key> keys() {
  std::vector<Key> keys = quota_keys();
  for (Key& key : stream_keys()) keys.push_back(std::move(key));
  return keys;
}

}  // namespace

Specification llm_client() {
  return {
      .workload = "llm_client",
      .in_short = "prompts to an API with a quota, answers streamed",
      .sentence =
          "Prompts are sent to an API that lets a number of them a second pass and answers the others with "
          "429 and Retry-After; each answer is streamed, token by token. A few workers send each prompt "
          "until it passes and read its answer to the end. Ideal: each sent when it passes, so that "
          "efficiency is what is used of the quota.",
      .keys = keys(),
      .example = R"(
calls = 8
latency = "uniform:min=10ms,max=60ms"
per_second = 50
burst = 2
limit = 3
events = 6
event_interval = "20ms"
)",
      .settle = settle,
      .simulate = ideal_within_quota,
      .bound = least_within_quota,
      .in_flight = limited_calls,
      .refuse = refuse,
      .check = check,
      .draws_anew = true,
      .refuses_slots = {},
      .dealing = {.shared = {{"limit", &Scenario::limit}}},
  };
}

}  // namespace fanbench::workloads
