// Delays and work, simulated: what several ideals share.
#pragma once

#include <algorithm>
#include <compare>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "bench/specification/delays.hpp"

namespace fanbench {

template <class T>
using LeastFirst = std::priority_queue<T, std::vector<T>, std::greater<>>;

/// The server's slots, which calls beyond them wait for, first come, first served; without a bound of them
/// nobody waits.
class Slots {
 public:
  explicit Slots(const Case& c) : slots_(c.plan.capacity.slots) {}
  /// When a call has its reply that comes then and takes so long in its slot. Each has to be asked for after
  /// those that came before it.
  Nanoseconds serve(Nanoseconds comes, Nanoseconds takes);

 private:
  std::uint32_t slots_;
  LeastFirst<Nanoseconds> free_at_;
};

/// A call that comes to the server.
struct Arrival {
  Nanoseconds at{};
  CallId id = 0;

  auto operator<=>(const Arrival&) const = default;
};

/// Has calls served that come because of others: those in `first` at the beginning, every other when `after`
/// says so, which is told of each call and its end and returns an optional Arrival, not before that.
template <class After>
void serve_in_turn(const Case& c, const Delays& delay, std::vector<CallId> first, After after) {
  LeastFirst<Arrival> coming;
  for (const CallId id : first) coming.push({.at = {}, .id = id});
  Slots slots(c);
  while (!coming.empty()) {
    const Arrival call = coming.top();
    coming.pop();
    const std::optional<Arrival> next = after(call.id, slots.serve(call.at, delay(call.id)));
    if (next) coming.push(*next);
  }
}
/// The first calls of chains of so many each.
std::vector<CallId> heads_of_chains(const Case&, std::uint32_t length);

/// The makespan of calls that all come at once, in id order.
Nanoseconds ideal_at_once(const Case&, const Delays&);
/// The makespan of chains of so many calls each, all begun at once, in which each call comes when the one
/// before has its reply.
Nanoseconds ideal_of_chains(const Case&, const Delays&, std::uint32_t length);

/// The makespan of calls that begin in id order, each as soon as fewer than `limit` are open. Source: Graham,
/// "Bounds for Certain Multiprocessing Anomalies" (1966): list scheduling.
Nanoseconds ideal_within_limit(const Case&, const Delays&);
/// What no other order can beat: see least_of_calls.
Nanoseconds least_within_limit(const Case&);
/// The most calls that `limit` lets be open at once.
std::uint32_t limited_calls(const Case&);

/// All delays as planned, on first attempts.
Nanoseconds sum_of_delays(const Case&);

/// What no order of the calls can beat with `at_once` of them open: those are not busy for less than all
/// planned delays together, and no call takes less than its own.
Nanoseconds least_of_calls(const Case&, std::uint32_t at_once);

/// When pieces of `work`, each ready at its time, can all be done on `cpus` that may share them out in
/// slices, but give no piece more than one CPU. Whatever is ready at t or later is done after t, so this is
/// the most of t + work of those / cpus. Source: Horn, "Some Simple Scheduling Algorithms" (1974).
Nanoseconds end_of_work(std::vector<Nanoseconds> ready, Nanoseconds work, std::uint32_t cpus);

/// Work as short as an error of the kernel's calibration may make it.
constexpr Nanoseconds calibrated_at_least(Nanoseconds work) { return work * 3 / 4; }

}  // namespace fanbench
