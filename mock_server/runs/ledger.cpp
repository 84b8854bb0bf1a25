// Writes down what happens as it happens; counts and sorts only when somebody asks.
#include "mock_server/runs/ledger.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

namespace fanbench::server {
namespace {

using Call = Ledger::Call;

std::int64_t nanoseconds(Ledger::Time time) { return Nanoseconds(time.time_since_epoch()).count(); }

constexpr std::array<std::string_view, 7> names{"open", "completed", "refused",  "reset",
                                                "cut",  "garbage",   "abandoned"};

bool is_answered(const Call& c) { return c.ending != Ending::open && c.ending != Ending::abandoned; }

template <class T>
std::size_t count_distinct(const std::vector<T>& sorted) {
  std::size_t distinct = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) distinct += i == 0 || sorted[i] != sorted[i - 1];
  return distinct;
}

template <class Key>
auto sorted(const std::vector<Call>& calls, Key key) {
  std::vector<decltype(key(calls[0]))> keys(calls.size());
  std::transform(calls.begin(), calls.end(), keys.begin(), key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

/// Of what `value` gives for the calls that `choose` chooses, by nearest rank: the quantile q of n values is
/// the ⌈q·n⌉th smallest.
template <class Choose, class Value>
void append_quantiles(std::string& out, std::string_view key, const std::vector<Call>& calls, Choose choose,
                      Value value) {
  std::vector<std::int64_t> values;
  for (const Call& c : calls) {
    if (choose(c)) values.push_back(value(c));
  }
  std::sort(values.begin(), values.end());
  const auto to = std::back_inserter(out);
  if (values.empty()) {
    fmt::format_to(to, R"(,"{}":null)", key);
    return;
  }
  const auto rank = [&](std::size_t percent) {
    return static_cast<double>(values[(percent * values.size() + 99) / 100 - 1]) / 1000;
  };
  fmt::format_to(to, R"(,"{}":{{"p50":{:.3f},"p99":{:.3f},"max":{:.3f}}})", key, rank(50), rank(99),
                 rank(100));
}

/// A call counts until its reply is begun: once that is out, the client may call again before the thread has
/// looked at its clock.
std::size_t peak_of(const std::vector<Call>& calls) {
  std::vector<std::pair<std::int64_t, int>> changes;
  for (const Call& c : calls) {
    changes.emplace_back(c.arrived_ns, 1);
    if (c.ending != Ending::open)
      changes.emplace_back(is_answered(c) ? c.due_ns() + c.late_ns : c.ended_ns, -1);
  }
  std::sort(changes.begin(), changes.end());  // at the same time, those that end first
  int now = 0, peak = 0;
  for (const auto& change : changes) peak = std::max(peak, now += change.second);
  return static_cast<std::size_t>(peak);
}

void append_calls(std::string& out, const std::vector<Call>& calls, bool with_waiting) {
  constexpr std::size_t row_bytes = 85;  // about: ids of seven digits, times of fifteen
  out.reserve(out.size() + row_bytes * calls.size());
  const auto to = std::back_inserter(out);
  out += R"(,"calls":[)";
  for (const Call& c : calls) {
    fmt::format_to(to, FMT_COMPILE("[{},{},{},{},{},\"{}\""), c.id, c.attempt, c.arrived_ns, c.due_ns(),
                   c.ended_ns, name(c.ending));
    if (with_waiting) fmt::format_to(to, FMT_COMPILE(",{}"), c.waited_ns);
    out += "],";
  }
  if (!calls.empty()) out.pop_back();
  out += ']';
}

}  // namespace

std::string_view name(Ending ending) { return names[static_cast<std::size_t>(ending)]; }

std::size_t Ledger::arrive(CallId id, Attempt attempt, ConnectionNumber connection, Time arrived,
                           Nanoseconds delay) {
  const std::lock_guard lock(mutex_);
  if (count_ == blocks_.size() * block_calls)
    blocks_.push_back(std::make_unique_for_overwrite<Call[]>(block_calls));
  const auto delay_us = std::chrono::duration_cast<std::chrono::microseconds>(delay).count();
  at(count_) = Call{.arrived_ns = nanoseconds(arrived),
                    .ended_ns = 0,
                    .waited_ns = 0,
                    .late_ns = 0,
                    .delay_us = static_cast<std::uint32_t>(delay_us),
                    .id = id,
                    .connection = connection,
                    .attempt = static_cast<std::uint16_t>(attempt),
                    .ending = Ending::open};
  return count_++;
}

void Ledger::begin(std::size_t call, Nanoseconds waited) {
  const std::lock_guard lock(mutex_);
  at(call).waited_ns = waited.count();
}

void Ledger::end(std::size_t call, Ending ending, Nanoseconds late, Time ended) {
  const std::lock_guard lock(mutex_);
  Call& c = at(call);
  c.ending = ending;
  c.ended_ns = nanoseconds(ended);
  c.late_ns = late.count();
}

void Ledger::copy(std::vector<Call>& calls) const {
  const std::lock_guard lock(mutex_);
  calls.reserve(calls.size() + count_);
  for (std::size_t begin = 0; begin < count_; begin += block_calls) {
    const Call* block = blocks_[begin / block_calls].get();
    calls.insert(calls.end(), block, block + std::min(block_calls, count_ - begin));
  }
}

std::string to_json(std::span<const std::shared_ptr<Ledger>> ledgers, const RunSummary& summary) {
  std::vector<Call> calls;
  for (const auto& ledger : ledgers) ledger->copy(calls);
  std::stable_sort(calls.begin(), calls.end(),
                   [](const Call& a, const Call& b) { return a.arrived_ns < b.arrived_ns; });
  const auto keys = sorted(calls, [](const Call& c) { return (std::uint64_t{c.attempt} << 32) | c.id; });
  const auto connections = sorted(calls, [](const Call& c) { return c.connection; });
  const auto first_new = std::lower_bound(connections.begin(), connections.end(), summary.first_new);
  std::array<std::size_t, names.size()> ended{};
  for (const Call& c : calls) ++ended[static_cast<std::size_t>(c.ending)];

  std::string out;
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"run":{},"arrivals":{})", summary.run, calls.size());
  for (const Ending ending : {Ending::completed, Ending::refused, Ending::reset, Ending::cut, Ending::garbage,
                              Ending::abandoned, Ending::open}) {
    fmt::format_to(to, R"(,"{}":{})", name(ending), ended[static_cast<std::size_t>(ending)]);
  }
  fmt::format_to(to, R"(,"duplicates":{},"in_flight_peak":{},"connections":{},"connections_new":{})",
                 calls.size() - count_distinct(keys), peak_of(calls), count_distinct(connections),
                 count_distinct(std::vector(first_new, connections.end())));
  fmt::format_to(to, R"(,"arrival_error_ns":{},"clock_stepped":{})", summary.arrival_error.count(),
                 summary.clock_stepped);
  const auto served = [](const Call& c) { return is_answered(c) && c.ending != Ending::refused; };
  append_quantiles(out, "lateness_us", calls, served, [](const Call& c) { return c.late_ns; });
  if (summary.with_waiting) {
    append_quantiles(out, "waiting_us", calls, served, [](const Call& c) { return c.waited_ns; });
    append_quantiles(out, "service_us", calls, served,
                     [](const Call& c) { return c.ended_ns - c.arrived_ns - c.waited_ns; });
    fmt::format_to(to, R"(,"queue_peak":{})", summary.queue_peak);
  }
  if (summary.with_events) fmt::format_to(to, R"(,"events_sent":{})", summary.events_sent);
  if (summary.messages_in > 0) {
    fmt::format_to(to, R"(,"messages_in":{},"messages_due":{},"messages_out":{})", summary.messages_in,
                   summary.messages_due, summary.messages_out);
    fmt::format_to(to, R"(,"message_in_ns":{},"message_out_ns":{})", summary.message_in_ns,
                   summary.message_out_ns);
  }
  if (summary.with_calls) append_calls(out, calls, summary.with_waiting);
  return out += '}';
}

}  // namespace fanbench::server
