// Numbers the attempts at a run's calls, for clients that do not say which of them theirs is.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <mutex>

#include "mock_server/plan/plan.hpp"

namespace fanbench::server {

/// Thread-safe: no two attempts at a call get the same number, but those beyond the last number, which all
/// get that one.
class AttemptCounter {
 public:
  /// How many attempts at the call have been counted before.
  Attempt count(CallId id) {
    const std::lock_guard lock(mutex_);
    std::uint16_t& seen = seen_[id];
    return seen == std::numeric_limits<std::uint16_t>::max() ? seen : seen++;
  }

 private:
  std::mutex mutex_;
  std::map<CallId, std::uint16_t> seen_;  // a tree, for a table that grows would delay replies
};

}  // namespace fanbench::server
