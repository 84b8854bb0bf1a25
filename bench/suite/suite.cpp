// Reads suites, and lists what they ask for.
#include "bench/suite/suite.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <utility>

#include "bench/specification/specification.hpp"
#include "bench/suite/contestants.hpp"
#include "bench/suite/expansion.hpp"

namespace fanbench {
namespace {

std::string read_description(const Source& source, const toml::table& root) {
  const auto* node = root.get("description");
  if (!node) source.fail(1, "description", "expected one line that says what the suite is for, got nothing");
  const auto* text = node->as_string();
  if (!text || text->get().empty() || text->get().find_first_of("\r\n") != std::string::npos)
    Node{source, "description", *node}.expected("one line that says what the suite is for");
  return text->get();
}

Keys read_defaults(const Source& source, const toml::table& root) {
  const auto* node = root.get("defaults");
  if (!node) return {};
  const auto* table = node->as_table();
  if (!table) Node{source, "defaults", *node}.expected("a table of scenario keys");
  return read_keys(source, *table);
}

/// Has each scenario be of this contestant alone, in a table that may yet be no right suite. It is changed in
/// place, as errors tell the lines of nodes, which copies do not know.
void leave_to(const external::Contestant& contestant, toml::table& root) {
  if (toml::table* defaults = root["defaults"].as_table()) defaults->erase("models");
  toml::array* scenarios = root["scenario"].as_array();
  for (std::size_t i = 0; scenarios && i < scenarios->size(); ++i) {
    toml::table* scenario = (*scenarios)[i].as_table();
    if (!scenario) continue;
    scenario->insert_or_assign("models", contestant.folder.string());
    scenario->erase("transports");
    if (!contestant.has_workers) scenario->erase("workers");
  }
}

/// `repeats`: whether scenarios may come to the same case, of which the first is kept.
std::vector<Case> read_scenarios(const Source& source, const toml::table& root, const Keys& defaults, bool repeats) {
  const auto* node = root.get("scenario");
  if (!node) source.fail(1, "scenario", "expected at least one [[scenario]], got none");
  const auto* scenarios = node->as_array();
  if (!scenarios || !scenarios->is_homogeneous<toml::table>())
    Node{source, "scenario", *node}.expected("[[scenario]] tables");

  std::vector<Case> cases;
  struct Origin {
    std::size_t index;
    Line line;
  };
  std::map<std::string, Origin, std::less<>> origins;
  for (std::size_t i = 0; i < scenarios->size(); ++i) {
    const toml::table& table = *(*scenarios)[i].as_table();
    const Origin origin{.index = i + 1, .line = line_of(table)};
    for (Case& c : expand(source, table, defaults)) {
      if (const auto [first, is_new] = origins.emplace(c.name, origin); !is_new) {
        if (repeats) continue;
        source.fail(
            origin.line, "scenario",
            fmt::format(
                "expected each case once, got {} from scenario {} (line {}) and scenario {} (line {})",
                c.name, first->second.index, first->second.line, origin.index, origin.line));
      }
      cases.push_back(std::move(c));
    }
    if (cases.size() > max_cases)
      source.fail(origin.line, "scenario", fmt::format("expected at most {} cases, got more", max_cases));
  }
  return cases;
}

double seconds(Nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

Suite parse_suite(std::string_view text, const std::filesystem::path& file,
                  const std::filesystem::path& contestant) {
  const Source source{.file = file.string()};
  toml::table root;
  try {
    root = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw SuiteError(fmt::format("{}:{}: expected TOML, got: {}", source.file, error.source().begin.line,
                                 error.description()));
  }
  refuse_unknown(source, root, "", {"description", "rounds", "budget", "defaults", "scenario"});

  Suite suite{
      .name = file.stem().string(), .description = read_description(source, root), .rounds = 1, .cases = {}};
  if (const auto* rounds = root.get("rounds"))
    suite.rounds = read_number<std::uint32_t>({source, "rounds", *rounds}, 1, 1000);
  if (const auto* budget = root.get("budget")) {
    suite.budget = read_duration({source, "budget", *budget});
    if (*suite.budget <= Nanoseconds{}) Node{source, "budget", *budget}.expected("a duration above 0");
  }
  const bool is_left = !contestant.empty();
  if (is_left) leave_to(read_contestant(contestant), root);
  suite.cases = read_scenarios(source, root, read_defaults(source, root), is_left);
  return suite;
}

Suite read_suite(const std::filesystem::path& file, const std::filesystem::path& contestant) {
  errno = 0;
  const auto text = text_of(file);
  if (!text) {
    throw SuiteError(fmt::format("{}: expected a suite in TOML, got: {}", file.string(),
                                 std::generic_category().message(errno)));
  }
  return parse_suite(*text, file, contestant);
}

nlohmann::ordered_json to_json(const Suite& suite) {
  nlohmann::ordered_json cases = nlohmann::ordered_json::array();
  for (const Case& c : suite.cases) {
    const Specification& specification = specification_of(c.workload);
    cases.push_back({{"name", c.name},
                     {"workload", c.workload},
                     {"model", c.model},
                     {"transport", c.transport},
                     {"parameters", parameters_json(c)},
                     {"timeline", c.timeline},
                     {"in_flight", specification.in_flight(c)},
                     {"ideal_s", seconds(specification.ideal(c))},
                     {"expected_s", seconds(expected_duration(specification, c))}});
  }
  std::set<std::string> names;
  nlohmann::ordered_json contestants = nlohmann::ordered_json::array();
  for (const Case& c : suite.cases) {
    const external::Contestant* contestant = contestant_of(c.model);
    if (contestant && names.insert(c.model).second) contestants.push_back(to_json(*contestant));
  }
  return {{"suite", suite.name},
          {"description", suite.description},
          {"rounds", suite.rounds},
          {"budget_s",
           suite.budget ? nlohmann::ordered_json(seconds(*suite.budget)) : nlohmann::ordered_json(nullptr)},
          {"contestants", std::move(contestants)},
          {"cases", std::move(cases)}};
}

}  // namespace fanbench
