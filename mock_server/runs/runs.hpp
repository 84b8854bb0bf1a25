// The runs that the server keeps: each a plan, and what was seen of its calls.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "mock_server/plan/plan.hpp"
#include "mock_server/runs/admission.hpp"
#include "mock_server/runs/arrival_clock.hpp"
#include "mock_server/runs/attempt_counter.hpp"
#include "mock_server/runs/ledger.hpp"

namespace fanbench::server {

struct Run {
  const std::uint64_t number;
  const Plan plan;
  const Ledger::ConnectionNumber
      first_new;  // connections from this number on were accepted after the run was made
  const std::uint64_t clock_steps = 0;   // that the arrival clock had noticed by then
  std::optional<Admission> admission{};  // where the plan bounds its calls
  AttemptCounter attempts{};
  std::atomic<bool> forgotten{false};
  std::atomic<std::size_t> events_sent{0};  // of calls' streams
  // Of the run's WebSocket rooms; and when the last was said, or written.
  std::atomic<std::size_t> messages_in{0}, messages_due{0}, messages_out{0};
  std::atomic<std::int64_t> message_in_ns{0}, message_out_ns{0};
  std::mutex mutex{};
  std::vector<std::shared_ptr<Ledger>> ledgers{};  // one of each thread; under `mutex`

  /// A member of a room has said something, which is to be brought to so many others.
  void message_said(std::size_t others);
  /// It was written to one of them.
  void message_written();
};

/// A run as one thread sees it: what it touches for each call is its own.
struct LocalRun {
  std::shared_ptr<Run> run;
  std::shared_ptr<Ledger> ledger;
  std::string ok_head{};  // the head of a 200 on a kept HTTP/1.1 connection, which most replies have
};

/// Thread-safe.
class Runs {
 public:
  std::shared_ptr<Run> create(Plan plan, Ledger::ConnectionNumber first_new, std::uint64_t clock_steps = 0);
  /// Null where there is no such run.
  std::shared_ptr<Run> find(std::uint64_t number) const;
  /// False where there is no such run. Its open calls still end, and its memory goes with the last of them.
  bool erase(std::uint64_t number);
  std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<Run>> runs_;
  std::uint64_t last_ = 0;
};

/// Joins a run: the calling thread's share of it.
std::shared_ptr<LocalRun> join(std::shared_ptr<Run> run);
/// All that was seen of a run's calls, on all threads. Checks the clock that dated them.
std::string ledger_json(Run& run, bool with_calls, ArrivalClock& clock);

}  // namespace fanbench::server
