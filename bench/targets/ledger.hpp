// The ledger: what the mock server saw of one run, read from its JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "impls/contract/model.hpp"

namespace fanbench {

/// How a call ended for the server. completed: the reply was sent. refused: it was a 429 by the plan's quota,
/// at once. broken: reset, cut short or no HTTP, as planned. abandoned: the client closed its connection
/// first. open: not ended yet.
enum class Ending : std::uint8_t { completed, refused, broken, abandoned, open };

struct LedgerCall {
  CallId id = 0;
  Attempt attempt = 0;
  Nanoseconds arrived{}, due{}, ended{};  // of std::chrono::steady_clock, which is one for all processes
  Ending ending = Ending::open;
  Nanoseconds waited{};  // for a slot, since it arrived; its reply is due after that
};

/// Of the run's WebSocket rooms: messages said, to be brought to all others there, and brought; and the time
/// from when the last was said until one was last brought.
struct LedgerMessages {
  std::uint64_t in = 0, due = 0, out = 0;
  Nanoseconds fan_out{};
};

struct Ledger {
  std::uint64_t arrivals = 0, completed = 0, broken = 0, abandoned = 0, open = 0, duplicates = 0;
  std::uint64_t in_flight_peak = 0;
  std::uint64_t connections_new = 0;  // accepted since the run was created, of those that carried its calls
  Nanoseconds arrival_error{};        // of arrivals and what is due by them, give or take
  bool clock_stepped = false;         // the server's wall clock was set: some arrivals are wrong by as much
  // The most calls that waited for a slot at once; nothing where the server does not tell of waiting.
  std::optional<std::uint64_t> queue_peak{};
  // Of streams, in full; nothing where replies are none, or the server does not tell.
  std::optional<std::uint64_t> events_sent{};
  LedgerMessages messages{};
  std::vector<LedgerCall> calls;  // in order of arrival

  /// No call is open, and no message on its way.
  bool settled() const { return open == 0 && messages.out == messages.due; }
};

/// Throws std::runtime_error where the text is no ledger.
Ledger parse_ledger(std::string_view json);

}  // namespace fanbench
