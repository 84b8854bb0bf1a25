// Reads contestants, and keeps those that suites name.
#include "bench/suite/contestants.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <nlohmann/json.hpp>
#include <system_error>

namespace fanbench {
namespace {

namespace fs = std::filesystem;
using external::Contestant;

const fs::path shipped_folder = FANBENCH_CONTESTANTS;

struct Known {
  Contestant contestant;
  ModelEntry model;
};
std::map<std::string, Known, std::less<>>& known() {
  static std::map<std::string, Known, std::less<>> all;
  return all;
}

/// A file's single table.
class Fields {
 public:
  Fields(const Source& source, const toml::table& table) : source_(source), table_(table) {}

  std::string text(std::string_view key, std::string_view what) const {
    const toml::node& node = needed(key, what);
    const auto* text = node.as_string();
    if (!text || text->get().empty()) Node{source_, key, node}.expected(what);
    return text->get();
  }
  std::string text_or_none(std::string_view key, std::string_view what) const {
    const toml::node* node = table_.get(key);
    if (!node) return {};
    if (const auto* text = node->as_string()) return text->get();
    Node{source_, key, *node}.expected(what);
  }
  std::vector<std::string> texts(std::string_view key, std::string_view what) const {
    const toml::node* node = table_.get(key);
    if (!node) return {};
    const auto* list = node->as_array();
    if (!list || (!list->empty() && !list->is_homogeneous<std::string>()))
      Node{source_, key, *node}.expected(what);
    std::vector<std::string> all;
    for (const toml::node& element : *list) all.push_back(element.as_string()->get());
    return all;
  }
  bool truth(std::string_view key) const {
    const toml::node* node = table_.get(key);
    return node && read_bool({source_, key, *node});
  }

  Line line(std::string_view key) const { return line_of(*table_.get(key)); }

 private:
  const toml::node& needed(std::string_view key, std::string_view what) const {
    if (const toml::node* node = table_.get(key)) return *node;
    source_.fail(1, key, fmt::format("expected {}, got nothing", what));
  }

  const Source& source_;
  const toml::table& table_;
};

bool is_name(std::string_view text) {
  const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' && std::ranges::all_of(text, allowed);
}

}  // namespace

bool is_path(std::string_view text) {
  return text == "." || text == ".." || text.starts_with("./") || text.starts_with("../") ||
         text.starts_with("/");
}

std::vector<std::string> shipped_contestants() {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(shipped_folder, none)) {
    if (fs::exists(entry.path() / contestant_file)) names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

Contestant read_contestant(const fs::path& folder) {
  const fs::path file = folder / contestant_file;
  const Source source{.file = file.string()};
  errno = 0;
  const auto text = text_of(file);
  if (!text) {
    throw SuiteError(fmt::format("{}: expected a contestant's file (impls/external/PROTOCOL.md), got: {}",
                                 source.file, std::generic_category().message(errno)));
  }
  toml::table root;
  try {
    root = toml::parse(*text);
  } catch (const toml::parse_error& error) {
    throw SuiteError(fmt::format("{}:{}: expected TOML, got: {}", source.file, error.source().begin.line,
                                 error.description()));
  }
  refuse_unknown(source, root, "", {"name", "language", "command", "build", "packages", "has_workers"}, {},
                 "impls/external/PROTOCOL.md");
  const Fields fields(source, root);
  constexpr std::string_view a_name = "a name of a-z, 0-9 and _ that begins with a letter";
  Contestant contestant{.name = fields.text("name", a_name),
                        .language = fields.text("language", "the language, as reports show it"),
                        .command = fields.text("command", "the command that starts it"),
                        .build = fields.text_or_none("build", "the command that builds it"),
                        .packages = fields.texts("packages", "a list of the distribution's packages"),
                        .has_workers = fields.truth("has_workers"),
                        .folder = fs::weakly_canonical(fs::absolute(folder))};
  if (!is_name(contestant.name)) {
    source.fail(fields.line("name"), "name",
                fmt::format("expected {}, got {}", a_name, in_quotes(contestant.name)));
  }
  if (std::ranges::count(models(), contestant.name, &ModelEntry::name) > 0 || contestant.name == "all") {
    source.fail(fields.line("name"), "name",
                fmt::format("expected a name of its own, got that of a model of ours: {}", contestant.name));
  }
  return contestant;
}

std::string_view learn_contestant(const Node& node) {
  const auto* text = node.value.as_string();
  fs::path folder = text ? text->get() : "";
  if (text && is_path(text->get())) {
    folder = fs::path(node.source.file).parent_path() / folder;
  } else {
    const std::vector<std::string> shipped = shipped_contestants();
    if (!text || std::ranges::find(shipped, text->get()) == shipped.end()) {
      std::vector<std::string> names;
      for (const ModelEntry& entry : models()) names.push_back(entry.name);
      node.expected(fmt::format(
          "a model ({}, all), a contestant ({}), or the path of one's folder, such as \"./my_client\"",
          fmt::join(names, ", "), fmt::join(shipped, ", ")));
    }
    folder = shipped_folder / folder;
  }
  Contestant contestant = read_contestant(folder);
  const auto [place, is_new] =
      known().try_emplace(contestant.name, Known{contestant, external::entry(contestant)});
  if (!is_new && place->second.contestant.folder != contestant.folder) {
    node.source.fail(
        node.line(), node.key,
        fmt::format("expected contestants of different names, got two that are called {}: {} and {}",
                    contestant.name, place->second.contestant.folder.string(), contestant.folder.string()));
  }
  return place->first;
}

const Contestant* contestant_of(std::string_view name) {
  const auto found = known().find(name);
  return found == known().end() ? nullptr : &found->second.contestant;
}

const ModelEntry* contestant_model(std::string_view name) {
  const auto found = known().find(name);
  return found == known().end() ? nullptr : &found->second.model;
}

nlohmann::ordered_json to_json(const Contestant& contestant) {
  return {{"name", contestant.name},
          {"language", contestant.language},
          {"folder", contestant.folder.string()},
          {"command", contestant.command},
          {"build", contestant.build},
          {"build_folder", contestant.build_folder().string()},
          {"packages", contestant.packages},
          {"has_workers", contestant.has_workers}};
}

}  // namespace fanbench
