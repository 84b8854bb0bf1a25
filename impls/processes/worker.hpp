// What passes between a pool and its worker processes, and where a program becomes one.
#pragma once

#include <csignal>
#include <functional>
#include <type_traits>

#include "impls/contract/model.hpp"
#include "impls/processes/shared_records.hpp"

namespace fanbench::processes {

/// What to do with a job's calls.
enum class Task : std::uint8_t {
  warm,  // open a connection
  call,
  make_copy,  // one of the call's attempts, of which others may be under way
  read_stream,
  read_stream_until_ok,
  subscribe,  // to the run's room, until its last message; tells when it has entered
  call_until_ok,
  try_once,  // the next attempt at a call that may need more
  call_in_time,
  call_chain,       // all of a pipeline's item
  page_through,     // all of a stream's pages
  read_listing,     // all of a listing's pages, and the work on them, until the budget is over
  fetch_page,       // one page of a listing, unless the budget is over
  call_and_digest,  // the call and the work that follows its reply
  digest,           // the work that follows the reply in the record
  compute,          // the work that is the call
};

/// Pool to worker, as bytes: do this and take it down in the shared records.
struct Job {
  std::uint32_t number = 0;  // tells a worker's jobs apart
  Scenario scenario{};
  std::uint32_t attempts_per_call = 0;  // for which there are records; see Recorder
  Recorder::Clock::time_point began{};  // of the run: the clock is the same in every process of the machine
  CallId id = 0;
  std::uint64_t cursor = 0;  // call, fetch_page
  Attempt attempt = 0;       // make_copy
  Task task = Task::call;
};

static_assert(std::is_trivially_copyable_v<Job>);

/// Worker to pool, as bytes: the job has ended and the records of its calls are complete. So many events
/// follow, in messages of as many as there are, up to events_in_message. Or the job goes on, and this is what
/// some tell halfway.
struct Done {
  CallId id = 0;
  std::uint32_t events = 0;
  bool ended = true;
};
inline constexpr std::size_t events_in_message = 512;  // 16 KiB
static_assert(std::is_trivially_copyable_v<Done>);

/// Pool to worker, as a signal with the job's number: give its call up if it is still under way. SIGRTMIN is
/// no constant.
inline int stop_signal() { return SIGRTMIN; }

/// Takes jobs from the pool's socket, has them done one at a time and tells the pool, until it closes its
/// end.
void serve_jobs(int socket, const SharedRecords& records,
                const std::function<void(const Job&, Recorder&)>& work);
/// A worker's life: does the jobs that it is given.
[[noreturn]] void run_worker(int socket, const Setup& setup, const SharedRecords& records);

}  // namespace fanbench::processes

namespace fanbench {

/// To be called first in main: in a process that a ProcessPool has started it never returns. Elsewhere it
/// does nothing.
void become_worker_if_asked(int argc, char** argv);

}  // namespace fanbench
