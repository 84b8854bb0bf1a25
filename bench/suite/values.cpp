// Reads single values of a suite's file.
#include "bench/suite/values.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

namespace fanbench {
namespace {

std::string shown(const toml::node& node) {
  if (const auto* array = node.as_array()) return array->empty() ? "[]" : "a list";
  if (node.is_table()) return "a table";
  if (const auto* text = node.as_string()) return in_quotes(text->get());
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* truth = node.as_boolean()) return fmt::format("{}", truth->get());
  return "a date or time";
}

/// Reads text by a parser of the plan's.
template <typename Parse>
auto parsed(const Node& node, Parse parse, std::string_view expected) {
  const auto* text = node.value.as_string();
  if (!text) node.expected(expected);
  try {
    return parse(text->get());
  } catch (const PlanError& error) {
    node.source.fail(node.line(), node.key, error.what());
  }
}

}  // namespace

Line line_of(const toml::node& node) { return node.source().begin.line; }

void Source::fail(Line line, std::string_view key, std::string_view what) const {
  throw SuiteError(fmt::format("{}:{}: {}: {}", file, line, key, what));
}
void Node::expected(std::string_view what) const {
  source.fail(line(), key, fmt::format("expected {}, got {}", what, shown(value)));
}

std::string in_quotes(std::string_view text) { return nlohmann::json(text).dump(); }

void refuse_unknown(const Source& source, const toml::table& table, std::string_view in,
                    const std::vector<std::string_view>& known, const Synonyms& synonyms,
                    std::string_view documentation) {
  Synonyms names;
  for (const std::string_view name : known) names.emplace_back(name, name);
  std::ranges::copy(synonyms, std::back_inserter(names));
  for (const auto& [key, node] : table) {
    const std::string_view came = key.str();
    if (std::ranges::find(known, came) != known.end()) continue;
    const auto distance = [came](const auto& name) { return edit_distance(name.first, came); };
    const auto nearest = std::ranges::min(names, {}, distance);
    const bool is_near = 2 * distance(nearest) <= came.size();
    const std::string hint = is_near ? fmt::format("did you mean {}?", nearest.second) : fmt::format("see {}", documentation);
    source.fail(key.source().begin.line, fmt::format("{}{}", in, came),
                fmt::format("expected a known key ({}), got {}", hint, in_quotes(came)));
  }
}

bool read_bool(const Node& node) {
  const auto* truth = node.value.as_boolean();
  if (!truth) node.expected("true or false");
  return truth->get();
}

Nanoseconds read_duration(const Node& node) {
  return parsed(node, parse_duration, R"(a duration such as "200ms" or "1.5s")");
}

std::size_t read_word(const Node& node, std::span<const std::string_view> words) {
  const auto* text = node.value.as_string();
  const auto found = text ? std::ranges::find(words, std::string_view(text->get())) : words.end();
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string expected;
  for (const std::string_view word : words) expected += (expected.empty() ? "" : ", ") + in_quotes(word);
  node.expected("one of " + expected);
}

std::optional<std::string> text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  // A folder opens, and fails only when it is read.
  if (in && (text << in.rdbuf(), !in.bad()) && !std::filesystem::is_directory(file)) return text.str();
  if (errno == 0) errno = EISDIR;
  return std::nullopt;
}

Latency read_latency(const Node& node) {
  constexpr std::string_view prefix = "file:";
  const auto* text = node.value.as_string();
  if (!text || !text->get().starts_with(prefix)) {
    return {.delay = parsed(node, parse_delay,
                            R"(a delay such as "200ms" or "uniform:min=10ms,max=50ms", )"
                            R"(or "file:latencies.txt")"),
            .file = {}};
  }
  const auto file = std::filesystem::path(node.source.file).parent_path() / text->get().substr(prefix.size());
  errno = 0;
  const auto lines = text_of(file);
  if (!lines) {
    node.source.fail(node.line(), node.key,
                     fmt::format("expected a file with a duration, or a p99=200ms, on each line, got {}: {}",
                                 file.string(), std::generic_category().message(errno)));
  }
  try {
    return {.delay = parse_delay_lines(*lines), .file = file.filename()};
  } catch (const PlanError& error) {
    node.source.fail(node.line(), node.key, fmt::format("{}: {}", file.string(), error.what()));
  }
}

}  // namespace fanbench
