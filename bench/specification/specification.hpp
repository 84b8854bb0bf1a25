// What a workload is: its words and keys, its ideal, and what plan and ledger say of an outcome that claims
// to have done it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/specification/delays.hpp"
#include "bench/specification/outcome.hpp"
#include "bench/suite/key.hpp"
#include "bench/targets/ledger.hpp"

namespace fanbench {

/// The first disagreement found, in one line: which call, what was expected, what came. Nothing: verified.
using Mistake = std::optional<std::string>;

/// A time of a run that its timeline marks, since the run began.
struct Moment {
  std::string_view what;
  Nanoseconds at;
};

/// How a workload is dealt out to ranks, each of which does a part of it as a case of its own.
struct Dealing {
  /// Why it is not. Empty: it is.
  std::string_view refused{};
  /// The same of single cases, of a workload that is. Null: all of them are.
  std::string_view (*refuses)(const Case&) = nullptr;
  /// Calls in a row that stay together. Null: each may be in another part.
  std::uint32_t (*together)(const Case&) = nullptr;
  /// Numbers of all calls together, by their keys, which are dealt out with them: each part needs one of each.
  /// 0 is none.
  struct Shared {
    std::string_view key;
    std::uint32_t Scenario::*number;
  };
  std::vector<Shared> shared{};
};

struct Specification {
  std::string_view workload;
  std::string_view in_short;  // in a few words, for plots
  std::string_view sentence;  // for reports: what it does, what it is called elsewhere, its ideal
  std::vector<Key> keys{};    // that not all workloads have, in the order of names
  /// A small case, as the keys of a [[scenario]]: an example, and what tests run in every model.
  std::string_view example;
  /// What the workload makes of its case's plan: chains of calls, no delays. Null: nothing.
  void (*settle)(Case&) = nullptr;
  /// The makespan of a machine that costs nothing, with calls that take so long. What the plan decides
  /// otherwise, waits and failures, is as planned.
  Nanoseconds (*simulate)(const Case&, const Delays&);
  /// See least(). Null: the ideal, as the order of the calls changes nothing.
  Nanoseconds (*bound)(const Case&) = nullptr;
  /// The most calls that may be open at once.
  std::uint32_t (*in_flight)(const Case&);
  /// Why the plan cannot be verified: its outcome would be ambiguous.
  Mistake (*refuse)(const Case&);
  /// Compares the outcome with plan and ledger, beyond what every workload promises. `at_once` is the most
  /// calls that workload and model let be open at once.
  Mistake (*check)(const Case&, const Outcome&, const Ledger&, std::uint32_t at_once);
  /// Tasks that exist at once in a model which has one for everything that may wait: its threads have to fit
  /// in the machine. Null: one for each call.
  std::uint32_t (*tasks)(const Case&) = nullptr;
  /// Threads of the workload itself, which every model has to make. Null: none.
  std::uint32_t (*callers)(const Case&) = nullptr;
  /// They are a figure of their own, and every model counts them; see LiveTask.
  bool counts_tasks = false;
  /// Calls may be given up, which costs their connections.
  bool gives_up = false;
  /// One call's end may be that of all: what is not begun by then need not be.
  bool ends_with_one = false;
  /// SIGTERM comes to the client's process at Scenario::deadline; the model has to take it.
  bool terminates = false;
  /// Its calls are subscriptions to a room of the server's: WebSockets, which take their connections with
  /// them and have no delays. The ledger counts messages in their place, and events are messages: a
  /// subscriber's as it has them, the publisher's, of no call, as it says them.
  bool subscribes = false;
  /// A call's further attempts are copies made beside its first, and no retries.
  bool hedges = false;
  /// When the workload decided to give calls up, since the run began; nothing where it did not come to that.
  /// Null where it never does.
  std::optional<Nanoseconds> (*decided)(const Case&, const Outcome&) = nullptr;
  /// When the request returned to who had asked, since the run began. Null where all are waited for.
  std::optional<Nanoseconds> (*returned)(const Case&, const Outcome&) = nullptr;
  /// What happens to all calls together. Null: nothing.
  std::vector<Moment> (*moments)(const Case&, const Outcome&) = nullptr;
  /// A heartbeat always runs beside it: what it is about is how late everything else gets.
  bool watchdog = false;
  /// A service: each run draws its delays anew, see case_of_run. Nothing but the ideal, the checks and what
  /// they need may depend on what was drawn.
  bool draws_anew = false;
  /// Calls are parts of pages, `services` in a row of each, which have figures of their own.
  bool has_pages = false;
  /// The case's work is one piece of the fan-out's own, not one on each reply.
  bool works_once = false;
  /// Why nobody could tell what becomes of it if calls had to wait for the server's slots. Empty: all of its
  /// calls are served, and the simulation has them wait.
  std::string_view refuses_slots = "it would not be known who waits for whom, and so what becomes of them";
  /// How long a model takes that has one call open at a time. Null: all delays together.
  Nanoseconds (*one_by_one)(const Case&) = nullptr;
  /// Calls that a machine which costs nothing completes in the time that there is. Null: time is not what
  /// bounds them.
  std::uint32_t (*completes)(const Case&) = nullptr;
  /// See bench/ranks.
  Dealing dealing{};

  /// The workload simulated on the plan's delays,
  Nanoseconds ideal(const Case& c) const { return simulate(c, Delays(c)); }
  /// and on what the server really took.
  Nanoseconds served_ideal(const Case& c, const Ledger& ledger) const {
    return simulate(c, Delays(c, ledger));
  }
  /// What no order of the calls, no machine and no server can beat.
  Nanoseconds least(const Case& c) const;
};

/// All of them, in the order in which reports show them.
std::span<const Specification> specifications();
/// Throws std::logic_error where there is no such workload.
const Specification& specification_of(std::string_view workload);

/// The case as its run k has it, k = 0, 1, … of its timed runs; those that are not timed are as run 0. Of a
/// workload that draws anew the seed is k more than the case's, in every model and round; of others nothing
/// differs.
Case case_of_run(const Case&, std::uint32_t k);

/// About how long a run takes at best with so many calls open at once: its ideal, or what its calls take one
/// after another as far as they have to wait, and its work on one CPU.
Nanoseconds expected_run(const Specification&, const Case&, std::uint32_t at_once);
/// About how long the case's process takes at best: a run to warm up and the iterations, each as long as its
/// ideal, or as its calls take one after another as far as model and workers make them wait, and its work on
/// one CPU.
Nanoseconds expected_duration(const Specification&, const Case&);

/// The whole verification: what every workload promises, then what this one does. `model_in_flight` is the
/// most calls that the model can have open at once.
Mistake verify(const Specification&, const Case&, std::uint32_t model_in_flight, const Outcome&,
               const Ledger&);

}  // namespace fanbench
