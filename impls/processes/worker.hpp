// What passes between a pool and its worker processes, and where a program becomes one.
#pragma once

#include <csignal>
#include <span>

#include "impls/contract.hpp"

namespace fanbench {

/// What to do with a job's calls.
enum class Task : std::uint8_t {
  call,
  call_next,  // the same, with the answer in the record of the call before as its cursor
  call_until_ok,
  call_in_time,
  call_chain,       // all of a pipeline's item
  page_through,     // all of a stream's pages
  call_and_digest,  // the call and the work that follows its reply
  digest,           // the work that follows the reply in the record
  compute,          // the work that is the call
};

/// Pool to worker, as bytes: do this and take it down in the shared records.
struct Job {
  std::uint32_t number = 0;  // tells a worker's jobs apart
  Scenario scenario;
  Recorder::Clock::time_point began;  // of the run: the clock is the same in every process of the machine
  CallId id = 0;
  Task task = Task::call;
};

/// Worker to pool, as bytes: the job has ended and the records of its calls are complete.
struct Done {
  CallId id = 0;
};

/// Pool to worker, as a signal with the job's number: give its call up if it is still under way. SIGRTMIN is
/// no constant.
inline int stop_signal() { return SIGRTMIN; }

inline constexpr std::uint32_t most_shared_records = 1'000'000;

/// A worker's life: does the jobs that it is given, one at a time, until the pool closes its socket.
[[noreturn]] void run_worker(int socket, const Setup& setup, std::span<CallRecord> records);

/// To be called first in main: in a process that a ProcessPool has started it never returns. Elsewhere it
/// does nothing.
void become_worker_if_asked(int argc, char** argv);

}  // namespace fanbench
