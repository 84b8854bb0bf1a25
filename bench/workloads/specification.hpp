// What a workload means: its ideal, and what plan and ledger say of an outcome that claims to have done it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/targets/ledger.hpp"
#include "bench/suite/suite.hpp"

namespace fanbench {

/// What one run produced.
struct Outcome {
  std::span<const CallRecord> records{};      // by call id
  std::span<const AttemptRecord> attempts{};  // as many for each call as it may have; empty where that is one
  std::vector<EventRecord> events{};          // in the order in which they were recorded
  CallId chosen = Recorder::none;
  Nanoseconds began{};              // of the same clock as the ledger's
  Nanoseconds makespan{};           // from the first call's intended start to the end of the fan-out
  std::string note{};               // the model's own remark, if any
  std::uint32_t tasks_peak = 0;     // most units of concurrency that existed at once; see LiveTask
  std::vector<Nanoseconds> lags{};  // of the heartbeat's ticks
};

/// The first disagreement found, in one line: which call, what was expected, what came. Nothing: verified.
using Mistake = std::optional<std::string>;

struct Specification {
  std::string_view workload;
  /// The makespan of a machine that costs nothing: the workload simulated on the plan's delays.
  Nanoseconds (*ideal)(const Case&);
  /// What no order of the calls and no machine can beat; the ideal itself where the order changes nothing.
  Nanoseconds (*least)(const Case&);
  /// The most calls that may be open at once.
  std::uint32_t (*in_flight)(const Case&);
  /// Why the plan cannot be verified: its outcome would be ambiguous.
  Mistake (*refuse)(const Case&);
  /// Compares the outcome with plan and ledger, beyond what every workload promises.
  Mistake (*check)(const Case&, const Outcome&, const Ledger&);
  /// Tasks that exist at once in a model which has one for everything that may wait: its threads have to fit
  /// in the machine. Null: one for each call.
  std::uint32_t (*tasks)(const Case&) = nullptr;
  /// They are a figure of their own, and every model counts them; see LiveTask.
  bool counts_tasks = false;
  /// Calls may be given up, which costs their connections.
  bool gives_up = false;
  /// When the workload decided to give calls up, since the run began; nothing where it did not come to that.
  /// Null where it never does.
  std::optional<Nanoseconds> (*decided)(const Case&, const Outcome&) = nullptr;
};

std::span<const Specification> specifications();
/// The specification of a workload of the catalogue.
const Specification& specification_of(std::string_view workload);

/// The whole verification: what every workload promises, then what this one does. `model_in_flight` is the
/// most calls that the model can have open at once.
Mistake verify(const Specification&, const Case&, std::uint32_t model_in_flight, const Outcome&,
               const Ledger&);

}  // namespace fanbench
