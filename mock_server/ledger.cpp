// Counts what happens as it happens; sorts only when somebody asks.
#include "mock_server/ledger.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

namespace fanbench {
namespace {

std::int64_t nanoseconds(Ledger::Time time) { return Nanoseconds(time.time_since_epoch()).count(); }

constexpr std::string_view names[] = {"open", "completed", "reset", "abandoned"};
std::string_view name(Ending ending) { return names[static_cast<std::size_t>(ending)]; }

template <class T>
std::size_t count_distinct(const std::vector<T>& sorted) {
  std::size_t distinct = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) distinct += i == 0 || sorted[i] != sorted[i - 1];
  return distinct;
}

}  // namespace

std::size_t Ledger::arrive(CallId id, Attempt attempt, ConnectionNumber connection, Time arrived,
                           Nanoseconds delay) {
  if (count_ == blocks_.size() * block_calls)
    blocks_.push_back(std::make_unique_for_overwrite<Call[]>(block_calls));
  const auto delay_us = std::chrono::duration_cast<std::chrono::microseconds>(delay).count();
  at(count_) = Call{.arrived_ns = nanoseconds(arrived),
                    .ended_ns = 0,
                    .late_ns = 0,
                    .delay_us = static_cast<std::uint32_t>(delay_us),
                    .id = id,
                    .connection = connection,
                    .attempt = static_cast<std::uint16_t>(attempt),
                    .ending = Ending::open};
  in_flight_peak_ = std::max(in_flight_peak_, ++in_flight_);
  return count_++;
}

void Ledger::end(std::size_t call, Ending ending, Time sent, Time ended) {
  Call& c = at(call);
  c.ending = ending;
  c.ended_ns = nanoseconds(ended);
  c.late_ns = nanoseconds(sent) - c.arrived_ns - std::int64_t{c.delay_us} * 1000;
  --in_flight_;
  ++ended_[static_cast<std::size_t>(ending)];
}

template <class Key>
auto Ledger::sorted(Key key) const {
  std::vector<decltype(key(at(0)))> keys(count_);
  for (std::size_t i = 0; i < count_; ++i) keys[i] = key(at(i));
  std::sort(keys.begin(), keys.end());
  return keys;
}

/// By nearest rank: the quantile q of n values is the ⌈q·n⌉th smallest.
std::optional<Ledger::Quantiles> Ledger::lateness_us() const {
  std::vector<std::int64_t> late;
  late.reserve(count_);
  for (std::size_t i = 0; i < count_; ++i) {
    const Call& c = at(i);
    if (c.ending == Ending::completed || c.ending == Ending::reset) late.push_back(c.late_ns);
  }
  if (late.empty()) return std::nullopt;
  std::sort(late.begin(), late.end());
  const auto rank = [&](std::size_t percent) {
    return static_cast<double>(late[(percent * late.size() + 99) / 100 - 1]) / 1000;
  };
  return Quantiles{.p50 = rank(50), .p99 = rank(99), .max = rank(100)};
}

std::string Ledger::to_json(std::uint64_t run, bool with_calls) const {
  const auto calls = sorted([](const Call& c) { return (std::uint64_t{c.attempt} << 32) | c.id; });
  const auto connections = sorted([](const Call& c) { return c.connection; });
  const auto first_new = std::lower_bound(connections.begin(), connections.end(), first_new_);
  const auto ended = [&](Ending ending) { return ended_[static_cast<std::size_t>(ending)]; };

  std::string out;
  constexpr std::size_t row_bytes = 85;  // about: ids of seven digits, times of fifteen
  out.reserve(512 + (with_calls ? row_bytes * count_ : 0));
  const auto to = std::back_inserter(out);
  fmt::format_to(to, R"({{"run":{},"arrivals":{},"completed":{},"reset":{},"abandoned":{},"open":{},)", run,
                 count_, ended(Ending::completed), ended(Ending::reset), ended(Ending::abandoned),
                 in_flight_);
  fmt::format_to(
      to, R"("duplicates":{},"in_flight_peak":{},"connections":{},"connections_new":{},"lateness_us":)",
      count_ - count_distinct(calls), in_flight_peak_, count_distinct(connections),
      count_distinct(std::vector(first_new, connections.end())));
  if (const auto late = lateness_us()) {
    fmt::format_to(to, R"({{"p50":{:.3f},"p99":{:.3f},"max":{:.3f}}})", late->p50, late->p99, late->max);
  } else {
    out += "null";
  }
  if (with_calls) {
    out += R"(,"calls":[)";
    for (std::size_t i = 0; i < count_; ++i) {
      const Call& c = at(i);
      if (i > 0) out += ',';
      fmt::format_to(to, FMT_COMPILE("[{},{},{},{},{},\"{}\"]"), c.id, c.attempt, c.arrived_ns,
                     c.arrived_ns + std::int64_t{c.delay_us} * 1000, c.ended_ns, name(c.ending));
    }
    out += ']';
  }
  return out += '}';
}

}  // namespace fanbench
