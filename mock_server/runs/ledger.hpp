// The ledger: what the server saw of one run, call by call.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mock_server/plan/plan.hpp"

namespace fanbench::server {

/// How a call ended, as the server sees it.
enum class Ending : std::uint8_t {
  open,       // not yet
  completed,  // the reply was written in full
  refused,    // … and was a 429 by the run's rate limit
  reset,      // the planned reset was carried out
  cut,        // the planned end in the middle of the body
  garbage,    // something that is not HTTP was sent, as planned
  abandoned,  // the client went away before the reply was written
};
/// Its name in JSON and in metrics, which is also that of the enumerator.
std::string_view name(Ending ending);

/// One thread writes a ledger; any may read it. A run that several threads serve has a ledger of each. Times
/// are those of the steady clock (CLOCK_MONOTONIC on Linux), which all processes of a machine share; arrivals
/// are an ArrivalClock's.
class Ledger {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// Connections are numbered as they are accepted, by the whole server.
  using ConnectionNumber = std::uint32_t;

  struct Call {
    std::int64_t arrived_ns, ended_ns;
    std::int64_t waited_ns;  // for a slot
    std::int64_t late_ns;    // sent - due; of a stream its latest event
    std::uint32_t delay_us;
    CallId id;
    ConnectionNumber connection;
    std::uint16_t attempt;
    Ending ending;

    /// A refusal is due at once, whatever the call's delay would have been.
    std::int64_t due_ns() const {
      return ending == Ending::refused ? arrived_ns : arrived_ns + waited_ns + std::int64_t{delay_us} * 1000;
    }
  };
  static_assert(sizeof(Call) == 48, "a million calls should take 48 MB");

  /// A call has arrived. Returns its index, which begin() and end() ask for.
  std::size_t arrive(CallId id, Attempt attempt, ConnectionNumber connection, Time arrived,
                     Nanoseconds delay);
  /// A call has its slot, after waiting for it; those that did not have to wait may leave this out.
  void begin(std::size_t call, Nanoseconds waited);
  /// A call has ended, once. `late` matters for calls that were answered only.
  void end(std::size_t call, Ending ending, Nanoseconds late, Time ended);

  /// Appends what there is by now, in the order in which calls were read.
  void copy(std::vector<Call>& calls) const;

 private:
  // In blocks that never move: doubling one big array in the middle of a run would delay replies by
  // milliseconds.
  static constexpr std::size_t block_calls = 4096;
  Call& at(std::size_t call) { return blocks_[call / block_calls][call % block_calls]; }

  mutable std::mutex mutex_;  // free but while somebody asks, and costs nothing to speak of then
  std::vector<std::unique_ptr<Call[]>> blocks_;
  std::size_t count_ = 0;
};

/// What a ledger's JSON says of the run beside its calls.
struct RunSummary {
  std::uint64_t run = 0;
  Ledger::ConnectionNumber first_new =
      0;                        // connections from this number on were accepted after the run was made
  Nanoseconds arrival_error{};  // of the times at which calls arrived, give or take
  bool clock_stepped = false;   // since the run was made: some of these times are wrong
  bool with_calls = true;
  bool with_waiting = false;    // the run has slots
  std::size_t queue_peak = 0;   // with_waiting: the most calls that waited at once
  bool with_events = false;     // replies are streams
  std::size_t events_sent = 0;  // with_events: of all of them, in full
  // Of the run's WebSocket rooms: said, to be brought to all others, and brought.
  std::size_t messages_in = 0, messages_due = 0, messages_out = 0;
  std::int64_t message_in_ns = 0, message_out_ns = 0;  // the last that was said, and brought
};

/// The ledgers of all threads as one; README.md tells the fields. Takes O(n log n) for n calls.
std::string to_json(std::span<const std::shared_ptr<Ledger>> ledgers, const RunSummary& summary);

}  // namespace fanbench::server
