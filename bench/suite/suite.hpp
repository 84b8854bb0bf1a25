// Suites: TOML files that say what to run, read into the list of cases that they ask for. Text only: nothing
// is asked of the machine.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/suite/case.hpp"

namespace fanbench {

/// A suite that can't be used. what() is one line: file, line, key, what was expected, what came:
/// `quick.toml:12: latency: expected a delay such as "200ms" …, got "200"`.
struct SuiteError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Suite {
  std::string name;  // the file's stem
  std::string description;
  std::uint32_t rounds = 1;
  std::optional<Nanoseconds>
      budget{};             // for a whole run: what is left after the rounds goes to open questions
  std::vector<Case> cases;  // in the file's order; at least one
};

/// Most cases that one suite may come to: a list too many is caught before it fills the memory.
inline constexpr std::size_t max_cases = 10'000;

/// Reads a suite; bench/README.md has the format. Its cases are still to be resolved. Throws SuiteError.
/// `contestant`: its folder, where each scenario is to be this contestant's alone, whatever models, transports and
/// workers it names; empty: the suite as it is.
Suite read_suite(const std::filesystem::path& file, const std::filesystem::path& contestant = {});
/// The same for text in hand; `file` gives the suite its name and errors their place.
Suite parse_suite(std::string_view text, const std::filesystem::path& file,
                  const std::filesystem::path& contestant = {});

/// What --list prints of a suite whose cases are resolved: {"suite", "description", "rounds", "budget_s",
/// "contestants": those in its cases, "cases":
/// [{"name", "workload", "model", "transport", "parameters": {…}, "timeline", "ideal_s", "expected_s"}]}.
nlohmann::ordered_json to_json(const Suite& suite);

}  // namespace fanbench
