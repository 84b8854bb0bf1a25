// Delays and work, simulated: what several ideals share.
#include "bench/specification/schedules.hpp"

#include <algorithm>

#include "bench/specification/checks.hpp"

namespace fanbench {

Nanoseconds Slots::serve(Nanoseconds comes, Nanoseconds takes) {
  if (slots_ == 0) return comes + takes;
  if (free_at_.size() == slots_) {
    comes = std::max(comes, free_at_.top());
    free_at_.pop();
  }
  free_at_.push(comes + takes);
  return comes + takes;
}

std::vector<CallId> heads_of_chains(const Case& c, std::uint32_t length) {
  std::vector<CallId> heads;
  for (CallId id = 0; id < c.scenario.calls; id += length) heads.push_back(id);
  return heads;
}

Nanoseconds ideal_at_once(const Case& c, const Delays& delay) {
  Slots slots(c);
  Nanoseconds end{};
  for (CallId id = 0; id < c.scenario.calls; ++id) end = std::max(end, slots.serve({}, delay(id)));
  return end;
}

Nanoseconds ideal_of_chains(const Case& c, const Delays& delay, std::uint32_t length) {
  Nanoseconds last{};
  serve_in_turn(c, delay, heads_of_chains(c, length), [&](CallId id, Nanoseconds end) {
    last = std::max(last, end);
    return (id + 1) % length == 0 ? std::nullopt : std::optional(Arrival{end, id + 1});
  });
  return last;
}

Nanoseconds ideal_within_limit(const Case& c, const Delays& delay) {
  LeastFirst<Nanoseconds> free_at;
  Slots slots(c);
  Nanoseconds last{};
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    Nanoseconds start{};
    if (free_at.size() == c.scenario.limit) {
      start = free_at.top();
      free_at.pop();
    }
    const Nanoseconds end = slots.serve(start, delay(id));
    free_at.push(end);
    last = std::max(last, end);
  }
  return last;
}

Nanoseconds least_within_limit(const Case& c) { return least_of_calls(c, c.scenario.limit); }

std::uint32_t limited_calls(const Case& c) { return std::min(c.scenario.limit, c.scenario.calls); }

Nanoseconds sum_of_delays(const Case& c) {
  const Delays delay(c);
  Nanoseconds sum{};
  for (CallId id = 0; id < c.scenario.calls; ++id) sum += delay(id);
  return sum;
}

Nanoseconds least_of_calls(const Case& c, std::uint32_t at_once) {
  return std::max(longest_delay(c), sum_of_delays(c) / at_once);
}

Nanoseconds end_of_work(std::vector<Nanoseconds> ready, Nanoseconds work, std::uint32_t cpus) {
  std::ranges::sort(ready, std::greater<>());
  Nanoseconds end{}, together{};
  for (const Nanoseconds t : ready) {
    together += work;
    end = std::max(end, t + std::max(work, together / cpus));
  }
  return end;
}

}  // namespace fanbench
