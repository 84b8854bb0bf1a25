// Who had a permit when, as far as the ledger shows it.
#include "bench/specification/permits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "bench/specification/checks.hpp"

namespace fanbench {
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

/// First attempts, in order of arrival.
std::vector<LedgerCall> first_attempts(const Ledger& ledger) {
  std::vector<LedgerCall> first;
  for (const LedgerCall& call : ledger.calls)
    if (call.attempt == 0) first.push_back(call);
  return first;
}

/// The most calls that had begun and not ended: in an attempt, or between two.
std::uint64_t most_under_way(const Ledger& ledger, std::uint32_t calls) {
  std::vector<const LedgerCall*> last(calls);
  for (const LedgerCall& call : ledger.calls) last[call.id] = &call;
  std::vector<std::pair<Nanoseconds, int>> changes;
  for (const LedgerCall& call : ledger.calls) {
    if (call.attempt == 0) changes.emplace_back(call.arrived, 1);
    if (last[call.id] == &call) changes.emplace_back(call.due, -1);
  }
  return most_at_once(std::move(changes));
}

}  // namespace

Mistake check_order_of_permits(const Case& c, std::span<const LedgerCall> calls, std::uint32_t at_once) {
  if (calls.size() < std::size_t{at_once} + 4) return std::nullopt;
  const auto waited = calls.subspan(at_once);
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
      "be first",
      turned, pairs);
}

Mistake check_permits_of_attempts(const Case& c, const Ledger& ledger, std::uint32_t at_once) {
  const std::vector<LedgerCall> first = first_attempts(ledger);
  if (auto mistake = check_order_of_permits(c, first, at_once)) return mistake;
  const auto begun_by = [&first](Nanoseconds time) {
    return std::ranges::upper_bound(first, time, {}, &LedgerCall::arrived) - first.begin();
  };
  std::vector<const LedgerCall*> last(c.scenario.calls);  // each call's attempt before
  std::uint64_t retries = 0, overtook = 0;                // of those before which others waited
  for (const LedgerCall& call : ledger.calls) {
    const LedgerCall* failed = std::exchange(last[call.id], &call);
    if (!failed) continue;
    const auto asked = static_cast<std::ptrdiff_t>(
        std::min<std::uint64_t>(c.scenario.calls, least_begun(c, failed->due - first.front().arrived)));
    const auto begun = begun_by(failed->due);
    if (asked <= begun) continue;
    ++retries;
    overtook += 2 * (begun_by(call.arrived + lateness_allowed) - begun) < asked - begun;
  }
  if (retries == 0) return std::nullopt;
  if (const std::uint64_t most = most_under_way(ledger, c.scenario.calls); most <= at_once) {
    return fmt::format(
        "{} calls were under way at most, waits between attempts included, though others waited for one of "
        "{} permits: a wait must not hold one",
        most, at_once);
  }
  if (2 * overtook <= retries) return std::nullopt;
  return fmt::format(
      "{} of {} retries got their permits before calls that had waited for longer, expected those that came "
      "first to be first",
      overtook, retries);
}

}  // namespace fanbench
