// What one thread has counted since the server began, for /metrics.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "mock_server/plan/duration.hpp"
#include "mock_server/runs/ledger.hpp"

namespace fanbench::server {

/// Written by one thread, read by any: a plain load and store, no locked instruction.
class Count {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct Stats {
  static constexpr std::array<std::int64_t, 8> lateness_bounds_us{50,    100,   200,    500,
                                                                  1'000, 5'000, 20'000, 100'000};

  std::array<Count, 6> replies;  // by the status's first digit
  std::array<Count, 7> endings;  // of calls, by Ending
  std::array<Count, lateness_bounds_us.size() + 1> lateness;
  Count lateness_sum_us;
  Count connections_accepted, connections_refused, timeouts, bytes_sent;
  Count messages_in, messages_out;  // of WebSockets

  void count_lateness(Nanoseconds late);
};

/// What is counted elsewhere.
struct Gauges {
  std::size_t connections = 0, runs = 0;
};

/// In Prometheus's text form, version 0.0.4, summed over the threads.
std::string metrics_text(std::span<const std::unique_ptr<Stats>> threads, const Gauges& gauges);

}  // namespace fanbench::server
