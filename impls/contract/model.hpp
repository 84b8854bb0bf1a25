// How work is made concurrent: what a model has to offer, and how the catalogue knows it.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "impls/contract/records.hpp"
#include "impls/contract/scenario.hpp"

namespace fanbench {

/// reuse: idle connections are kept and used again. per_call: each call opens and closes its own.
enum class Connection : std::uint8_t { reuse, per_call };

/// What a model is made with, and keeps for all its runs.
struct Setup {
  std::string host = "127.0.0.1";  // an IP address
  std::uint16_t port = 0;
  std::string transport = "native";  // a row of transports(): the HTTP client under the model
  Connection connection = Connection::reuse;
  std::uint32_t workers = 1;                        // of models that have them: how many; see ModelEntry
  std::uint32_t calls = 1;                          // of each run, at most
  Nanoseconds patience = std::chrono::seconds(30);  // for a run of a program that is none of ours
};

/// The transport of models that bring a client of their own: see ModelEntry::is_program.
inline constexpr std::string_view own_client = "own";

/// A workload that a model cannot do, with the reason in one line.
struct NotApplicable : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// How concurrency is made. One instance per case, or per run of a cold case: connections and workers live as
/// long as it does.
class Model {
 public:
  Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  virtual ~Model() = default;

  /// Opens connections until there are idle ones for so many calls, and makes the workers and loops that they
  /// need. To be called between runs. Throws std::runtime_error: what could not be had.
  virtual void warm(std::uint32_t in_flight) = 0;
  /// Does the workload. Returns when every call has its verdict and nothing that it started is still running.
  /// Throws NotApplicable.
  virtual void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) = 0;
  /// After a run, outside of its time: what was taken down elsewhere comes into its recorder. Throws
  /// std::runtime_error.
  virtual void collect(Recorder&) {}
  /// Steps of the kernel that a millisecond of it takes; 0: as many as this process.
  virtual double kernel_steps_per_ms() const { return 0; }
};

/// What a model takes from the machine to have some calls open at once, its idle process included.
struct Needs {
  std::uint64_t descriptors = 0;  // in the process that needs most
  std::uint64_t tasks = 0;        // threads and processes together
  std::uint64_t mappings = 0;     // memory mappings in the process that needs most
  std::uint64_t memory_mb = 0;    // of all together, generously: 1 MB is 10^6 bytes
  std::uint64_t connections = 0;  // that it keeps, where these may be more than the calls open at once
};

/// Standard streams, an event loop, libraries.
inline constexpr Needs idle_process{.descriptors = 32, .tasks = 1, .mappings = 512};

/// A model as its folder describes it.
struct ModelEntry {
  std::string name;
  bool has_workers = false;  // it takes Setup::workers: each makes a call at a time, unless has_loops
  bool has_loops = false;  // they are event loops, each with a thread and connections of its own: one, unless
                           // chosen, and as many calls in flight as there are
  bool yardstick = false;  // what the machine can do, and no way to write programs
  /// Another program makes its calls, with a client of its own, and takes them down by a clock that begins
  /// when it has read what to do. What it keeps is made before a cold run's clock, too, but for connections.
  bool is_program = false;
  std::string ready{};    // what a warm case has before its clock starts: "connections"
  std::string made{};     // what its runs make while the clock runs: "a thread for each call"
  std::string plainer{};  // a model that does the same on the same loop and client, with less around it
  std::function<std::unique_ptr<Model>(const Setup&)> make;
  /// Calls that it can have open at once.
  std::function<std::uint32_t(const Setup&)> most_in_flight;
  /// For so many tasks, and so many of the calls open at once.
  std::function<Needs(const Setup&, std::uint32_t tasks, std::uint32_t in_flight)> needs;
  /// Whether there are such cases. True also where the model cannot do the workload by its nature: `run` then
  /// throws NotApplicable.
  std::function<bool(std::string_view workload, std::string_view transport)> supports;
};

/// The models, in the order in which reports show them: see impls/catalogue.cpp.
const std::vector<ModelEntry>& models();

}  // namespace fanbench
