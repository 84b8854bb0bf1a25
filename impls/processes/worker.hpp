// What passes between a pool and its worker processes, and where a program becomes one.
#pragma once

#include <csignal>
#include <span>

#include "impls/contract.hpp"

namespace fanbench {

enum class Task : std::uint8_t { call, call_until_ok };

/// Pool to worker, as bytes: make this call and take it down in the shared records.
struct Job {
  std::uint32_t number = 0;  // tells a worker's jobs apart
  Scenario scenario;
  Recorder::Clock::time_point began;  // of the run: the clock is the same in every process of the machine
  CallId id = 0;
  Task task = Task::call;
};

/// Worker to pool, as bytes: the call has ended and its record is complete.
struct Done {
  CallId id = 0;
};

/// Pool to worker, as a signal with the job's number: give the call up if it is still under way. SIGRTMIN is
/// no constant.
inline int stop_signal() { return SIGRTMIN; }

inline constexpr std::uint32_t most_shared_records = 1'000'000;

/// A worker's life: makes the calls that it is told to, one at a time, until the pool closes its socket.
[[noreturn]] void run_worker(int socket, const Setup& setup, std::span<CallRecord> records);

/// To be called first in main: in a process that a WorkerPool has started it never returns. Elsewhere it does
/// nothing.
void become_worker_if_asked(int argc, char** argv);

}  // namespace fanbench
