// Suites: TOML files that say what to run, read into the list of cases that they ask for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "impls/contract/model.hpp"
#include "mock_server/plan/plan.hpp"

namespace fanbench {

/// A suite that can't be used. what() is one line: file, line, key, what was expected, what came:
/// `quick.toml:12: latency: expected a delay such as "200ms" …, got "200"`.
struct SuiteError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One row of the results: scenario × model × transport, every value settled.
struct Case {
  std::string name;  // unique in its suite; see case_name
  std::string workload, model;
  std::string transport = "native";
  bool cold = false;  // connections, workers and loops are made inside the measured part
  Connection connection = Connection::reuse;
  Scenario scenario;             // `run` is left 0: the server gives it
  Plan plan;                     // what the server is to do; its seed is the scenario's
  std::string latency_file{};    // its name, where the delays were read from one
  Nanoseconds cpu_per_call{};    // mixed, cpu: work of each call; its steps are calibrated before the run
  std::uint32_t workers = 1;     // what Setup gets: never 0; 1 for models that have no workers to choose
  bool workers_chosen = false;   // the suite says how many, instead of as many as calls can be in flight
  std::uint32_t iterations = 3;  // measured iterations in each process
  bool timeline = false;         // keep the records of its calls for the timeline picture
};

struct Suite {
  std::string name;  // the file's stem
  std::string description;
  std::uint32_t rounds = 1;
  std::vector<Case> cases;  // in the file's order; at least one
};

/// The names that a suite may use: those of specifications(), models() and transports().
struct KnownNames {
  std::span<const std::string_view> workloads, models, transports;
};

/// Most cases that one suite may come to: a list too many is caught before it fills the memory.
inline constexpr std::size_t max_cases = 10'000;

/// Reads a suite; bench/README.md has the format. Throws SuiteError.
Suite read_suite(const std::filesystem::path& file, const KnownNames& known);
/// The same for text in hand; `file` gives the suite its name and errors their place.
Suite parse_suite(std::string_view text, const std::filesystem::path& file, const KnownNames& known);

/// `<workload>/<model>/<transport>/calls:1000/latency:200ms/start:warm`, then the keys that are the
/// workload's own (/limit: /attempts: …), then /workers: /connection: /body_bytes: /seed: where chosen. '/'
/// parts keys, the first ':' in a part ends its key. No spaces; commas only where a delay has them
/// (`latency:uniform:min=10ms,max=50ms`). Of delays from a file, the file's name (`latency:file:api.txt`).
std::string case_name(const Case& c);

std::string_view to_string(Connection connection) noexcept;  // "reuse", "per_call"

/// A case's parameters as --list and rows have them: numbers, and durations and delays as texts in
/// parse_delay's grammar.
nlohmann::ordered_json parameters_json(const Case& c);

/// What --list prints: {"suite", "description", "rounds", "cases": [{"name", "workload", "model",
/// "transport", "parameters": {…}, "timeline"}]}. Durations and delays are texts in parse_delay's grammar.
nlohmann::ordered_json to_json(const Suite& suite);

}  // namespace fanbench
