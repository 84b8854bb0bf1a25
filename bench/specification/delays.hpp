// How long each attempt of a case's calls takes: what ideals are simulated on.
#pragma once

#include <vector>

#include "bench/suite/case.hpp"
#include "bench/targets/ledger.hpp"

namespace fanbench {

/// From a stream's first event to its last.
constexpr Nanoseconds length_of(const StreamPlan& stream) {
  return stream.events > 0 ? (stream.events - 1) * stream.interval : Nanoseconds{};
}

/// Of a case that outlives it.
class Delays {
 public:
  /// As planned.
  explicit Delays(const Case& c) : plan_(c.plan), attempts_(c.scenario.attempts) {}
  /// As the server served them, from an attempt's arrival, or from when it had its slot, to the end of its
  /// reply. One that was given up, is still open or was never made takes its planned delay.
  Delays(const Case& c, const Ledger& ledger);

  /// From when the last message came to its room until all others there had it: by plan in no time.
  Nanoseconds fan_out() const { return fan_out_; }

  Nanoseconds operator()(CallId id, Attempt attempt = 0) const {
    if (!served_.empty()) {
      if (const Nanoseconds served = served_[index(id, attempt)]; served >= Nanoseconds::zero())
        return served;
    }
    return planned_reply(plan_, id, attempt).delay + length_of(plan_.stream);
  }

 private:
  std::size_t index(CallId id, Attempt attempt) const { return std::size_t{id} * attempts_ + attempt; }

  const Plan& plan_;
  std::uint32_t attempts_;
  Nanoseconds fan_out_{};
  std::vector<Nanoseconds> served_{};  // negative: not served. Empty: none was
};

}  // namespace fanbench
