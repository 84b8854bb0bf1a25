// producer_consumer: producers put the calls into a bounded queue, consumers take and make them. Ideal: the
// plan simulated with producers and a queue that take no time.
#include <fmt/format.h>

#include <iterator>
#include <queue>
#include <utility>
#include <vector>

#include "bench/specification/checks.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {
namespace {

/// Which item of the queue is next: the one of the highest rank. Items are put in the order of their ids.
std::uint64_t rank(const Case& c, CallId id) {
  switch (c.scenario.order) {
    case Order::fifo:
      return UINT64_MAX - id;
    case Order::lifo:
      return id;
    case Order::priority:
      break;
  }
  return priority(c.scenario, id);
}

/// The first items go straight to the waiting consumers; then the queue is full whenever there are enough.
Nanoseconds ideal(const Case& c, const Delays& delay) {
  std::priority_queue<std::pair<std::uint64_t, CallId>> queue;
  LeastFirst<Nanoseconds> free_at;
  Slots slots(c);
  Nanoseconds last{};
  const auto take = [&](CallId id, Nanoseconds at) {
    const Nanoseconds end = slots.serve(at, delay(id));
    free_at.push(end);
    last = std::max(last, end);
  };
  CallId next = 0;
  while (next < std::min(c.scenario.consumers, c.scenario.calls)) take(next++, {});
  for (;;) {
    for (; next < c.scenario.calls && queue.size() < c.scenario.capacity; ++next)
      queue.emplace(rank(c, next), next);
    if (queue.empty()) return last;
    const CallId id = queue.top().second;
    const Nanoseconds now = free_at.top();
    queue.pop();
    free_at.pop();
    take(id, now);
  }
}

Nanoseconds least(const Case& c) { return least_of_calls(c, c.scenario.consumers); }

std::uint32_t in_flight(const Case& c) { return std::min(c.scenario.consumers, c.scenario.calls); }

// By so much an item may be recorded as put before it is: a queue without a lock leaves no other order.
constexpr Nanoseconds recorded_within = lateness_allowed;

Mistake refuse(const Case& c) {
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    if (delay(c, id) >= 2 * recorded_within) continue;
    return fmt::format(
        "call {} takes {}, at least {} are needed to tell the queue's order: choose longer delays", id,
        format_duration(delay(c, id)), format_duration(2 * recorded_within));
  }
  return std::nullopt;
}

struct Item {
  CallId id = 0;
  Nanoseconds put{}, arrived{};  // of the ledger's clock
};

std::vector<Item> items_by_put(const Outcome& outcome, const Ledger& ledger) {
  std::vector<Item> items;
  for (const LedgerCall& call : ledger.calls)
    items.push_back({call.id, outcome.at(outcome.records[call.id].intended), call.arrived});
  std::ranges::sort(items, {}, &Item::put);
  return items;
}

Mistake check_producers(const Case& c, const Outcome& outcome) {
  for (CallId id = c.scenario.producers; id < c.scenario.calls; ++id) {
    const CallId before = id - c.scenario.producers;
    if (outcome.records[id].intended < outcome.records[before].intended)
      return fmt::format("call {} was put before call {}, by the same producer", id, before);
  }
  return std::nullopt;
}

/// A consumer has no more than one call that has not ended, and none ends before its reply is due. So all
/// that was put, less the ended calls and one for each consumer, was in the queue. It can only rise with a
/// put.
Mistake check_depth(const Case& c, const std::vector<Item>& by_put, const Ledger& ledger,
                    Nanoseconds put_within) {
  std::vector<Nanoseconds> due;
  for (const LedgerCall& call : ledger.calls) due.push_back(call.due);
  std::ranges::sort(due);
  std::size_t put = 0, ended = 0;
  for (const Item& item : by_put) {
    ++put;
    while (ended < due.size() && due[ended] <= item.put + put_within) ++ended;
    const std::size_t taken = ended + c.scenario.consumers;
    if (put > taken + c.scenario.capacity) {
      return fmt::format("{} items were in the queue when call {} was put, expected at most {}", put - taken,
                         item.id, c.scenario.capacity);
    }
  }
  return std::nullopt;
}

/// Whether `a` was put before `b`, for certain: one producer's items are in the order of their ids.
bool put_before(const Case& c, const Item& a, const Item& b, Nanoseconds put_within) {
  const std::uint32_t producers = c.scenario.producers;
  if (a.id % producers == b.id % producers) return a.id < b.id;
  return a.put + put_within < b.put;
}

bool has_precedence(const Case& c, const Item& a, const Item& b, Nanoseconds put_within) {
  switch (c.scenario.order) {
    case Order::fifo:
      return put_before(c, a, b, put_within);
    case Order::lifo:
      return put_before(c, b, a, put_within);
    case Order::priority:
      break;
  }
  return priority(c.scenario, a.id) > priority(c.scenario, b.id);
}

struct Interval {
  Nanoseconds from{}, to{};
};

/// When all consumers that the model has were waiting for a reply, so that none had taken an item of which
/// the server did not know yet.
std::vector<Interval> all_busy(const Ledger& ledger) {
  std::vector<std::pair<Nanoseconds, int>> changes;
  for (const LedgerCall& call : ledger.calls) {
    changes.emplace_back(call.arrived, 1);
    changes.emplace_back(call.due, -1);
  }
  std::ranges::sort(changes);
  int open = 0, most = 0;
  for (const auto& [at, change] : changes) most = std::max(most, open += change);
  std::vector<Interval> intervals;
  for (std::size_t i = 0; i + 1 < changes.size(); ++i) {
    open += changes[i].second;
    if (open == most) intervals.push_back({changes[i].first, changes[i + 1].first});
  }
  return intervals;
}

/// What waits in the queue, ranked: the highest is asked for, and what has been taken is left out then.
class Waiting {
 public:
  void put(std::int64_t rank, const Item& item) { heap_.emplace(rank, item); }
  const Item* highest(Nanoseconds taken) {
    while (!heap_.empty() && heap_.top().second.arrived <= taken) heap_.pop();
    return heap_.empty() ? nullptr : &heap_.top().second;
  }

 private:
  using Ranked = std::pair<std::int64_t, Item>;
  struct Lower {
    bool operator()(const Ranked& a, const Ranked& b) const { return a.first < b.first; }
  };
  std::priority_queue<Ranked, std::vector<Ranked>, Lower> heap_;
};

/// Ranked so that, if any that waits has precedence over an item, the highest of all has it or the highest of
/// the item's own producer, whose puts are in the order of ids.
class WaitingItems {
 public:
  explicit WaitingItems(const Case& c) : case_(c), of_producers_(c.scenario.producers) {}

  void put(const Item& item) {
    const std::int64_t sign = case_.scenario.order == Order::fifo ? -1 : 1;
    all_.put(case_.scenario.order == Order::priority ? signed_priority(item.id) : sign * item.put.count(),
             item);
    of_producer(item).put(sign * std::int64_t{item.id}, item);
  }
  const Item* with_precedence(const Item& item, Nanoseconds taken, Nanoseconds put_within) {
    for (const Item* other : {all_.highest(taken), of_producer(item).highest(taken)}) {
      if (other && has_precedence(case_, *other, item, put_within)) return other;
    }
    return nullptr;
  }

 private:
  Waiting& of_producer(const Item& item) { return of_producers_[item.id % case_.scenario.producers]; }
  /// In the same order as priority().
  std::int64_t signed_priority(CallId id) const {
    return static_cast<std::int64_t>(priority(case_.scenario, id) ^ (std::uint64_t{1} << 63));
  }

  const Case& case_;
  Waiting all_;
  std::vector<Waiting> of_producers_;
};

/// No item is taken while another waits that has precedence. One waited for certain if it was put before the
/// last time that all consumers were busy before the taken one arrived, and was not there the next time they
/// were.
Mistake check_order(const Case& c, const Outcome& outcome, const std::vector<Item>& by_put,
                    const Ledger& ledger, Nanoseconds put_within) {
  const std::vector<Interval> busy = all_busy(ledger);
  WaitingItems waiting(c);
  auto put = by_put.begin();
  auto after = busy.begin();
  for (const LedgerCall& call : ledger.calls) {
    while (after != busy.end() && after->to <= call.arrived) ++after;
    if (after == busy.end()) break;
    if (after == busy.begin()) continue;
    const Nanoseconds not_yet_taken = std::prev(after)->to, taken = std::max(after->from, call.arrived);
    while (put != by_put.end() && put->put + put_within <= not_yet_taken) waiting.put(*put++);
    const Item item{call.id, outcome.at(outcome.records[call.id].intended), call.arrived};
    if (const Item* other = waiting.with_precedence(item, taken, put_within))
      return fmt::format("call {} was taken from the queue before call {}, against its order", item.id,
                         other->id);
  }
  return std::nullopt;
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t) {
  if (auto mistake = check_each_once(c, outcome, ledger)) return mistake;
  if (auto mistake = check_producers(c, outcome)) return mistake;
  // Puts are the client's, arrivals the server's: without a common clock the queue itself is not seen.
  if (!outcome.clock.shared) return std::nullopt;
  const std::vector<Item> by_put = items_by_put(outcome, ledger);
  const Nanoseconds put_within = recorded_within + outcome.clock.uncertainty;
  if (auto mistake = check_depth(c, by_put, ledger, put_within)) return mistake;
  return check_order(c, outcome, by_put, ledger, put_within);
}

std::uint32_t tasks(const Case& c) { return c.scenario.producers + c.scenario.consumers; }

}  // namespace

Specification producer_consumer() {
  return {
      .workload = "producer_consumer",
      .in_short = "producers fill a bounded queue, consumers make the calls",
      .sentence =
          "Producers put the calls into a queue and wait while it is full, and consumers take and make "
          "them: oldest first, newest first or by priority (Queue(maxsize), channel, backpressure). Ideal: "
          "the plan simulated with a queue that takes no time.",
      .keys = {number_key({.name = "producers",
                           .meaning = "who put the calls into the queue, in turn",
                           .example = "producers = 2",
                           .otherwise = "1",
                           .phrase = "{} producers",
                           .phrases = {{"1", ""}}},
                          &Scenario::producers, 1, 10'000),
               number_key({.name = "consumers",
                           .meaning = "who take and make them",
                           .example = "consumers = 6",
                           .needed = "the number of consumers",
                           .phrase = "{} consumers",
                           .phrases = {{"1", "1 consumer"}}},
                          &Scenario::consumers, 1, million),
               number_key({.name = "capacity",
                           .meaning = "items that the queue holds",
                           .example = "capacity = 4",
                           .needed = "the most items in the queue",
                           .phrase = "queue of {}"},
                          &Scenario::capacity, 1, million),
               word_key({.name = "order",
                         .meaning = "who is next: the oldest, the newest, the highest of seeded priorities",
                         .example = "order = [\"fifo\", \"lifo\", \"priority\"]",
                         .otherwise = "\"fifo\"",
                         .phrase = "{}",
                         .phrases = {{"priority", "by priority"}}},
                        {"fifo", "lifo", "priority"}, &Scenario::order)},
      .example = R"(
calls = 8
latency = "uniform:min=60ms,max=90ms"
producers = 2
consumers = 3
capacity = 2
)",
      .simulate = ideal,
      .bound = least,
      .in_flight = in_flight,
      .refuse = refuse,
      .check = check,
      .tasks = tasks,
      .refuses_slots = {},
      .dealing = {.shared = {{"producers", &Scenario::producers}, {"consumers", &Scenario::consumers}, {"capacity", &Scenario::capacity}}},
  };
}

}  // namespace fanbench::workloads
