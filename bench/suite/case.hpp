// A case: one row of the results, every value settled.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "bench/machine/cpus.hpp"
#include "impls/contract/model.hpp"
#include "mock_server/plan/plan.hpp"

namespace fanbench {

/// Scenario × model × transport.
struct Case {
  std::string name;  // unique in its suite; see case_name
  std::string workload, model;
  std::string transport = "native";
  bool cold = false;  // connections, workers and loops are made inside the measured part
  Connection connection = Connection::reuse;
  Scenario scenario;           // `run` is left 0: the server gives it
  Plan plan;                   // what the server is to do; its seed is the scenario's
  std::string latency_file{};  // its name, where the delays were read from one
  Nanoseconds work{};          // that a piece of computing takes; its steps are calibrated before the run
  double hedge_budget = 1;     // hedged, page: second copies for each call at most
  Nanoseconds slow_after{};    // page: one that takes longer is slow; 0: none is called so
  std::uint32_t workers =
      1;  // what Setup gets: never 0; 1 for models that have no workers to choose, or loops
  bool workers_chosen =
      false;  // the suite says how many, instead of as many as calls can be in flight, or one loop
  std::uint32_t ranks = 0;       // that make it together, a part of its calls each; 0: it is not dealt out
  std::uint32_t iterations = 3;  // measured iterations in each process
  Pin pin = Pin::apart;
  bool timeline = false;  // keep the records of its calls for the timeline picture
};

inline constexpr std::uint32_t max_ranks = 1000;

/// The model of this name. Throws std::logic_error where there is none: readers of suites have seen to it.
const ModelEntry& model_of(std::string_view name);

/// Settles what no text says: work may use as many CPUs as the client has, and a model that has workers gets
/// as many as are of use, unless the suite chose; of loops one. To be called before anything is computed from
/// the case.
void resolve(Case& c, std::uint32_t client_cpus);

/// `<workload>/<model>/<transport>/calls:1000/latency:200ms/start:warm`, then the keys that are the
/// workload's own (/limit: /attempts: …), then /workers: /connection: /slots: /body_bytes: /seed: where
/// chosen. '/' parts keys, the first ':' in a part ends its key. No spaces; commas only where a delay has
/// them (`latency:uniform:min=10ms,max=50ms`). Of delays from a file, its name (`latency:file:api.txt`).
std::string case_name(const Case& c);

/// Its values under their keys. Durations and delays are texts in parse_delay's grammar.
nlohmann::ordered_json parameters_json(const Case& c);

std::string_view to_string(Connection connection) noexcept;  // "reuse", "per_call"
std::string_view to_string(Pin pin) noexcept;                // "apart", "shared"

}  // namespace fanbench
