// Delays and work, simulated: what several ideals share.
#include "bench/specification/schedules.hpp"

#include <algorithm>
#include <functional>
#include <queue>

#include "bench/specification/checks.hpp"

namespace fanbench {

Nanoseconds ideal_within_limit(const Case& c, const Delays& delay) {
  std::priority_queue<Nanoseconds, std::vector<Nanoseconds>, std::greater<>> free_at;
  Nanoseconds end{};
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    Nanoseconds start{};
    if (free_at.size() == c.scenario.limit) {
      start = free_at.top();
      free_at.pop();
    }
    free_at.push(start + delay(id));
    end = std::max(end, start + delay(id));
  }
  return end;
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
