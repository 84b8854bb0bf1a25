// The contract: all that workloads and models know of each other.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

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
};

/// A workload's parameters. Values only: it crosses to worker processes as bytes.
struct Scenario {
  std::uint64_t run = 0;       // the server's run that the calls belong to
  std::uint32_t calls = 1;     // ids are 0 … calls-1
  std::uint32_t limit = 0;     // semaphore: at most this many calls at once
  std::uint32_t attempts = 1;  // retry: attempts per call at most
  Nanoseconds backoff{};       // retry: b of the waits b·2^k
  std::uint64_t seed = 1;      // of the jitter
};

/// The wait before attempt k+1 of a call whose attempt k failed: b·2^k with "equal jitter", a factor from
/// [0.5, 1) drawn from (seed, id, k); at least what the server asked for. Source: AWS Architecture Blog,
/// "Exponential Backoff And Jitter" (2015).
Nanoseconds backoff(const Scenario& scenario, CallId id, Attempt k, Nanoseconds retry_after);

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
  /// The workload's choice where it has one: first_completed's winner.
  void choose(CallId id) noexcept { chosen_ = id; }

  /// What someone who reads of a failed run should know. Not for many threads at once; the first note is
  /// kept.
  void note(std::string text) {
    if (note_.empty()) note_ = std::move(text);
  }

  static constexpr CallId none = UINT32_MAX;
  const std::string& noted() const noexcept { return note_; }
  CallId chosen() const noexcept { return chosen_; }
  std::span<CallRecord> records() const noexcept { return records_; }
  Clock::time_point began() const noexcept { return began_; }

 private:
  std::span<CallRecord> records_;
  Clock::time_point began_;
  CallId chosen_ = none;
  std::string note_;
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
  virtual void semaphore(const Scenario&, Recorder&);
  virtual void first_completed(const Scenario&, Recorder&);
  virtual void retry(const Scenario&, Recorder&);
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
  Needs (*needs)(const Setup&, std::uint32_t calls,
                 std::uint32_t in_flight);  // in_flight of the calls at once
};

std::span<const Workload> workloads();
std::span<const ModelEntry> models();

}  // namespace fanbench
