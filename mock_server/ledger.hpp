// The ledger: what the server saw of one run, call by call.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mock_server/plan.hpp"

namespace fanbench {

/// How a call ended, as the server sees it.
enum class Ending : std::uint8_t {
  open,       // not yet
  completed,  // the reply was written in full
  reset,      // the planned reset was carried out
  abandoned,  // the client went away before the reply was written
};

/// Written by one thread. Times are those of the steady clock (CLOCK_MONOTONIC on Linux), which all processes
/// of a machine share.
class Ledger {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Connections are numbered as they are accepted, by the whole server.
  using ConnectionNumber = std::uint32_t;

  /// `first_new`: connections with this number and above are accepted after the run was made.
  explicit Ledger(ConnectionNumber first_new = 0) : first_new_(first_new) {}

  /// A call has arrived. Returns its index in order of arrival, which end() asks for.
  std::size_t arrive(CallId id, Attempt attempt, ConnectionNumber connection, Time arrived,
                     Nanoseconds delay);
  /// A call has ended, once. `sent` is when writing the reply began; it matters for completed and reset calls
  /// only.
  void end(std::size_t call, Ending ending, Time sent, Time ended);

  std::size_t arrivals() const { return count_; }

  /// README.md tells the fields. Without `with_calls` the list of calls is left out. Takes O(n log n) for n
  /// calls.
  std::string to_json(std::uint64_t run, bool with_calls) const;

 private:
  struct Call {
    std::int64_t arrived_ns, ended_ns;
    std::int64_t late_ns;  // sent - due
    std::uint32_t delay_us;
    CallId id;
    ConnectionNumber connection;
    std::uint16_t attempt;
    Ending ending;
  };
  static_assert(sizeof(Call) == 40, "a million calls should take 40 MB");
  struct Quantiles {
    double p50, p99, max;
  };

  // In blocks that never move: doubling one big array in the middle of a run would delay replies by
  // milliseconds.
  static constexpr std::size_t block_calls = 4096;
  Call& at(std::size_t call) { return blocks_[call / block_calls][call % block_calls]; }
  const Call& at(std::size_t call) const { return blocks_[call / block_calls][call % block_calls]; }

  template <class Key>
  auto sorted(Key key) const;
  std::optional<Quantiles> lateness_us() const;

  std::vector<std::unique_ptr<Call[]>> blocks_;
  std::size_t count_ = 0, in_flight_ = 0, in_flight_peak_ = 0;
  std::size_t ended_[4] = {};  // by Ending; `open` unused
  ConnectionNumber first_new_;
};

/// Attempts are kept in 16 bits.
inline constexpr Attempt max_attempt = UINT16_MAX;

}  // namespace fanbench
