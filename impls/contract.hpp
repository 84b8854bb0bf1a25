// The contract: all that workloads and models know of each other.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fanbench {

using Nanoseconds = std::chrono::nanoseconds;
using CallId = std::uint32_t;
using Attempt = std::uint32_t;  // 0 is a call's first attempt

/// How a call ended. Every call ends in exactly one of these; `none` is a call that was lost.
enum class Verdict : std::uint8_t { none, ok, http_error, timed_out, cancelled, transport_error };

/// What one attempt of a call came to.
struct Reply {
  Verdict verdict = Verdict::none;
  std::uint16_t status = 0;   // HTTP status, 0 where none came
  Nanoseconds retry_after{};  // how long the server asked to wait before the next attempt, 0 where it did not
  std::uint64_t answer = 0;   // the body's first 16 bytes, hex: which call the server says it answered
  bool more = false;          // the call's chain goes on: the next call of it takes this answer as its cursor
};

/// timeout: whether the deadline is each call's own or the whole group's.
enum class Scope : std::uint8_t { call, group };
/// producer_consumer: which item of the queue is next: the oldest, the newest, the one of highest priority().
enum class Order : std::uint8_t { fifo, lifo, priority };
/// pipeline: stage by stage, or item by item.
enum class Mode : std::uint8_t { barrier, streamed };
/// mixed: where the work that follows a reply is done: where the reply came in, or in a pool made for it.
enum class Placement : std::uint8_t { in_line, offload };

/// A workload's parameters. Values only: it crosses to worker processes as bytes.
struct Scenario {
  std::uint64_t run = 0;       // the server's run that the calls belong to
  std::uint32_t calls = 1;     // ids are 0 … calls-1
  std::uint64_t seed = 1;      // of jitter and priorities
  std::uint32_t limit = 0;     // semaphore: calls at once at most; worker_pool: workers
  std::uint32_t attempts = 1;  // retry: attempts per call at most
  Nanoseconds backoff{};       // retry: b of the waits b·2^k
  Nanoseconds deadline{};      // timeout: from the call's start, or from the run's
  Scope scope = Scope::call;
  std::uint32_t producers = 1, consumers = 1;  // producer_consumer; producer p puts p, p + producers, …
  std::uint32_t capacity = 1;                  // producer_consumer: items in the queue at most
  Order order = Order::fifo;
  Mode mode = Mode::streamed;  // pipeline; item i's calls are stages·i, stages·i + 1, …
  std::uint32_t pages = 1;     // paginate: of each stream; stream s has the calls pages·s, pages·s + 1, …
  std::uint32_t prefetch = 0;  // paginate: 1: the next page is fetched while the last one is consumed
  Nanoseconds consume{};       // paginate: how long a stream's consumer takes for a page, waiting
  std::uint64_t kernel_steps = 0;  // mixed, cpu: the work that follows a reply, or is the call
  std::uint32_t cpus = 1;          // mixed, cpu: that work may use
  Placement placement = Placement::in_line;

  static constexpr std::uint32_t stages = 3;  // pipeline: fetch, enrich, save
};

/// The wait before attempt k+1 of a call whose attempt k failed: b·2^k with "equal jitter", a factor from
/// [0.5, 1) drawn from (seed, id, k); at least what the server asked for. Source: AWS Architecture Blog,
/// "Exponential Backoff And Jitter" (2015).
Nanoseconds backoff(const Scenario& scenario, CallId id, Attempt k, Nanoseconds retry_after);

/// A call's priority, drawn from (seed, id): the highest is first. No two calls of a run have the same.
std::uint64_t priority(const Scenario& scenario, CallId id);

/// What became of one call. Trivially copyable: worker processes write it in shared memory.
struct CallRecord {
  Nanoseconds intended{}, started{}, finished{};  // since the run began
  std::uint64_t answer = 0;
  std::uint16_t status = 0;
  Verdict verdict = Verdict::none;
  std::uint8_t attempts = 0;
};

/// Takes down when calls start and how they end. Calls may be recorded from any thread, each id by one at a
/// time.
class Recorder {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Recorder(std::span<CallRecord> records, Clock::time_point began = Clock::now())
      : records_(records), began_(began) {}

  /// The call could start from now on: what it had to wait for by the workload's meaning is there. This is
  /// its intended start; without it, that is the beginning of the run.
  void ready(CallId id) noexcept { records_[id].intended = Clock::now() - began_; }
  /// An attempt of the call is about to be made. The first one sets the call's actual start.
  void start(CallId id) noexcept {
    CallRecord& record = records_[id];
    if (record.attempts++ == 0) record.started = Clock::now() - began_;
  }
  /// The call has ended, with its last attempt's reply.
  void finish(CallId id, const Reply& reply) noexcept {
    CallRecord& record = records_[id];
    record.finished = Clock::now() - began_;
    record.answer = reply.answer;
    record.status = reply.status;
    record.verdict = reply.verdict;
  }
  /// The calls from `id` to before `end` are not begun any more.
  void leave_out(CallId id, CallId end) noexcept {
    for (; id < end; ++id) finish(id, {.verdict = Verdict::cancelled});
  }
  /// The workload's choice where it has one: first_completed's winner, the failure that task_group reports.
  void choose(CallId id) noexcept { chosen_ = id; }

  /// A unit of concurrency (coroutine, thread, task, job of a worker process) begins or ends. LiveTask does
  /// both.
  void task_begins() noexcept {
    const std::uint32_t live = ++live_tasks_;
    for (std::uint32_t peak = tasks_peak_; peak < live && !tasks_peak_.compare_exchange_weak(peak, live);) {
    }
  }
  void task_ends() noexcept { --live_tasks_; }

  /// The heartbeat that runs beside mixed: tick n = 0, 1, … is due then,
  Clock::time_point beat_due(std::uint32_t n) const noexcept { return began_ + (n + 1) * heartbeat; }
  /// and happened now. None is left out, however late.
  void beat(std::uint32_t n) {
    const Nanoseconds lag = Clock::now() - beat_due(n);
    const std::lock_guard lock(beats_);
    lags_.push_back(lag);
  }
  static constexpr Nanoseconds heartbeat = std::chrono::milliseconds(10);

  /// What someone who reads of a failed run should know. Not for many threads at once; the first note is
  /// kept.
  void note(std::string text) {
    if (note_.empty()) note_ = std::move(text);
  }

  static constexpr CallId none = UINT32_MAX;
  const std::string& noted() const noexcept { return note_; }
  CallId chosen() const noexcept { return chosen_; }
  std::uint32_t tasks_peak() const noexcept { return tasks_peak_; }
  const std::vector<Nanoseconds>& lags() const noexcept { return lags_; }  // of the heartbeat's ticks
  std::span<CallRecord> records() const noexcept { return records_; }
  Clock::time_point began() const noexcept { return began_; }

 private:
  std::span<CallRecord> records_;
  Clock::time_point began_;
  CallId chosen_ = none;
  std::string note_;
  std::atomic<std::uint32_t> live_tasks_ = 0, tasks_peak_ = 0;
  std::mutex beats_;
  std::vector<Nanoseconds> lags_;
};

/// A task of the workload, for as long as it exists, begun or waiting.
class LiveTask {
 public:
  explicit LiveTask(Recorder& recorder) noexcept : recorder_(recorder) { recorder_.task_begins(); }
  LiveTask(const LiveTask&) = delete;
  LiveTask& operator=(const LiveTask&) = delete;
  ~LiveTask() { recorder_.task_ends(); }

 private:
  Recorder& recorder_;
};

/// A workload that a model cannot do, with the reason in one line.
struct NotApplicable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Transport : std::uint8_t { native, curl };
/// reuse: idle connections are kept and used again. per_call: each call opens and closes its own.
enum class Connection : std::uint8_t { reuse, per_call };

/// What a model is made with, and keeps for all its runs.
struct Setup {
  std::string host = "127.0.0.1";  // an IP address
  std::uint16_t port = 0;
  Transport transport = Transport::native;
  Connection connection = Connection::reuse;
  std::uint32_t workers = 1;  // thread_pool and processes: how many, hence the most calls in flight
};

/// How concurrency is made. One instance per case: warm connections and workers live as long as it does.
/// A method returns when every call has its verdict and nothing that it started is still running.
class Model {
 public:
  Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  virtual ~Model() = default;

  virtual void gather(const Scenario&, Recorder&);
  virtual void all_settled(const Scenario&, Recorder&);
  virtual void task_group(const Scenario&, Recorder&);
  virtual void first_completed(const Scenario&, Recorder&);
  virtual void timeout(const Scenario&, Recorder&);
  virtual void semaphore(const Scenario&, Recorder&);
  virtual void worker_pool(const Scenario&, Recorder&);
  virtual void producer_consumer(const Scenario&, Recorder&);
  virtual void pipeline(const Scenario&, Recorder&);
  virtual void retry(const Scenario&, Recorder&);
  virtual void paginate(const Scenario&, Recorder&);
  virtual void mixed(const Scenario&, Recorder&);
  virtual void cpu(const Scenario&, Recorder&);
};

struct Workload {
  std::string_view name;
  void (Model::*run)(const Scenario&, Recorder&);
};

/// What a model takes from the machine to have `in_flight` calls open at once, its idle process included.
struct Needs {
  std::uint64_t descriptors = 0;  // in the process that needs most
  std::uint64_t tasks = 0;        // threads and processes together
  std::uint64_t mappings = 0;     // memory mappings in the process that needs most
  std::uint64_t memory_mb = 0;    // of all together, generously: 1 MB is 10^6 bytes
};

struct ModelEntry {
  std::string_view name;
  std::unique_ptr<Model> (*make)(const Setup&);
  std::uint32_t (*most_in_flight)(const Setup&);  // calls that it can have open at once
  Needs (*needs)(const Setup&, std::uint32_t tasks,
                 std::uint32_t in_flight);  // for so many tasks, and so many of the calls open at once
};

std::span<const Workload> workloads();
std::span<const ModelEntry> models();
/// Whether there is such a combination. What a model can't do by its nature is there all the same: it says
/// why.
bool is_written(std::string_view workload, std::string_view model, Transport transport);

}  // namespace fanbench
