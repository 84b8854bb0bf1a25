// semaphore: at most `limit` calls at once. Ideal: greedy list scheduling of the delays over the permits, in
// id order.
#include <fmt/format.h>

#include <vector>

#include "bench/specification/checks.hpp"
#include "bench/specification/keys.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {
namespace {

/// Counts of ids, of which those below one are asked for. Source: Fenwick, "A New Data Structure for
/// Cumulative Frequency Tables" (1994).
class IdCounts {
 public:
  explicit IdCounts(std::uint32_t ids) : sums_(std::size_t{ids} + 1) {}
  void add(CallId id) {
    ++all_;
    for (std::size_t i = std::size_t{id} + 1; i < sums_.size(); i += i & -i) ++sums_[i];
  }
  std::uint64_t above(CallId id) const {
    std::uint64_t below = 0;
    for (std::size_t i = std::size_t{id} + 1; i > 0; i -= i & -i) below += sums_[i];
    return all_ - below;
  }

 private:
  std::vector<std::uint32_t> sums_;
  std::uint64_t all_ = 0;
};

/// Of all pairs of calls that had to wait for a permit at most two thirds may have got it against the order
/// of their ids, and by more than they may be late. Tasks that a busy machine brings late to the semaphore,
/// whichever they are, turn k(w − k) of w(w − 1) / 2 pairs, which is no more where w is 4 or more; a
/// semaphore that takes the last first turns all but those of the same moment.
Mistake check_order(const Case& c, const Ledger& ledger, std::uint32_t at_once) {
  if (ledger.calls.size() < std::size_t{at_once} + 4) return std::nullopt;
  const auto waited = std::span(ledger.calls).subspan(at_once);
  IdCounts before(c.scenario.calls);
  auto next = waited.begin();
  std::uint64_t turned = 0;
  for (const LedgerCall& call : waited) {
    for (; next->arrived + lateness_allowed < call.arrived; ++next) before.add(next->id);
    turned += before.above(call.id);
  }
  const std::uint64_t pairs = waited.size() * (waited.size() - 1) / 2;
  if (3 * turned <= 2 * pairs) return std::nullopt;
  return fmt::format(
      "{} of {} pairs of calls that waited got their permits in reverse, expected those that came first to "
      "be "
      "first",
      turned, pairs);
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  if (auto mistake = check_each_once(c, outcome, ledger)) return mistake;
  return check_order(c, ledger, at_once);
}

}  // namespace

Specification semaphore() {
  return {
      .workload = "semaphore",
      .in_short = "all calls are there, a limited number runs at once",
      .sentence =
          "All calls exist from the start, but only a limited number may be under way at once, in order of "
          "arrival (Semaphore, bulkhead, connection limit). Ideal: the delays packed into that many lanes.",
      .keys = {limit_key("calls at once")},
      .example = R"(
calls = 8
latency = "uniform:min=10ms,max=40ms"
limit = 3
)",
      .simulate = ideal_within_limit,
      .bound = least_within_limit,
      .in_flight = limited_calls,
      .refuse = refuse_nothing,
      .check = check,
      .counts_tasks = true,
  };
}

}  // namespace fanbench::workloads
