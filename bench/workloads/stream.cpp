// stream: every reply is a stream of events, which are taken as they come. Ideal: the longest stream, that
// is, until its first event is due, and from each event to the next.
#include "bench/specification/schedules.hpp"
#include "bench/specification/streams.hpp"

namespace fanbench::workloads {
namespace {

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  if (auto mistake = check_each_once(c, outcome, ledger, at_once)) return mistake;
  return check_streams(c, outcome, ledger);
}

}  // namespace

Specification stream() {
  return {
      .workload = "stream",
      .in_short = "replies that are streams of events",
      .sentence =
          "All calls are started at once, and each reply is a stream of events, which are taken as they come "
          "(server-sent events, async for, replies of language models). Ideal: the longest stream.",
      .keys = stream_keys(),
      .example = R"(
calls = 6
latency = "uniform:min=10ms,max=60ms"
events = 5
event_interval = "25ms"
)",
      .settle = settle_stream,
      .simulate = ideal_at_once,
      .in_flight = all_calls,
      .refuse = refuse_stream,
      .check = check,
      .refuses_slots = {},
  };
}

}  // namespace fanbench::workloads
