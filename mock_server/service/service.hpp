// What requests mean: runs, their calls and their ledgers. Knows nothing of sockets and timers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mock_server/http/replies.hpp"
#include "mock_server/http/request.hpp"
#include "mock_server/runs/arrival_clock.hpp"
#include "mock_server/runs/runs.hpp"
#include "mock_server/runs/stats.hpp"

namespace fanbench::server {

/// What all threads share.
struct SharedState {
  ArrivalClock arrival_clock{};
  Runs runs{};
  std::vector<std::unique_ptr<Stats>> stats{};               // one of each thread
  std::atomic<Ledger::ConnectionNumber> next_connection{0};  // the number that the next connection gets
  std::atomic<std::size_t> open_connections{0};
  std::atomic<CallId> delays_drawn{0};
};

/// For one thread.
class Service {
 public:
  explicit Service(SharedState& shared) : shared_(shared) {}

  /// Any route but a call or a WebSocket. Never throws for what a client may send.
  Answer answer(const Request& request);
  /// Null where there is no such run. A run that is deleted lives on until its open calls have ended.
  std::shared_ptr<LocalRun> find_run(std::uint64_t number);
  static Answer no_such_run();
  static Answer wrong_cursor();
  /// Lets go of runs that another thread has deleted.
  void forget_deleted();

 private:
  Answer answer_or_throw(const Request& request);
  Answer create_run(const std::string& body);
  /// The next delay of a stand-alone /delay request.
  Answer draw_delay(std::string_view delay);

  SharedState& shared_;
  std::map<std::uint64_t, std::shared_ptr<LocalRun>> joined_;
};

}  // namespace fanbench::server
