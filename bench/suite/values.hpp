// Reads single values of a suite's file, and says in one line what is wrong with one.
#pragma once

#include <fmt/format.h>
#include <toml++/toml.h>

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/suite/suite.hpp"

namespace fanbench {

using Line = std::uint32_t;
Line line_of(const toml::node& node);

struct Source {
  std::string file;

  [[noreturn]] void fail(Line line, std::string_view key, std::string_view what) const;
};

struct Node {
  const Source& source;
  std::string_view key;  // that it was given for
  const toml::node& value;

  Line line() const { return line_of(value); }
  [[noreturn]] void expected(std::string_view what) const;
  Node of(std::string_view part, const toml::node& inner) const { return {source, part, inner}; }
};

std::string in_quotes(std::string_view text);

/// Other names for keys, each with the key.
using Synonyms = std::vector<std::pair<std::string_view, std::string_view>>;

/// Each key of the table has to be one of these. Synonyms are not taken, but tell which key is meant. Who
/// gets none of them is sent to the documentation.
void refuse_unknown(const Source& source, const toml::table& table, std::string_view in,
                    const std::vector<std::string_view>& known, const Synonyms& synonyms = {},
                    std::string_view documentation = "bench/README.md");

// Each throws SuiteError.
template <typename T>
T read_number(const Node& node, T min, T max) {
  const auto* number = node.value.as_integer();
  if (!number || !std::in_range<T>(number->get()) || static_cast<T>(number->get()) < min ||
      static_cast<T>(number->get()) > max)
    node.expected(fmt::format("a whole number {} … {}", min, max));
  return static_cast<T>(number->get());
}
bool read_bool(const Node& node);
Nanoseconds read_duration(const Node& node);
/// The place of the word among those.
std::size_t read_word(const Node& node, std::span<const std::string_view> words);

struct Latency {
  Delay delay;
  std::string file;  // where it was read from, if it was
};
/// A delay, or "file:" and the name of a file of measured ones, relative to the suite's.
Latency read_latency(const Node& node);

/// The whole of a file; nothing, with errno set, where it can't be read.
std::optional<std::string> text_of(const std::filesystem::path& file);

}  // namespace fanbench
