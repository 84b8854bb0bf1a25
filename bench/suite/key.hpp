// A key of a scenario: what it means, how it is read from a suite, and how a case's value of it is shown.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/suite/case.hpp"

namespace fanbench {

struct Node;  // a value in the suite's file; see values.hpp
using Change = std::function<void(Case&)>;

struct Key {
  std::string_view name{};
  std::string_view meaning{}, example{};
  std::string_view otherwise{};  // its default, as TOML; empty: it is needed,
  std::string_view needed{};     // and this is what it is; empty too: a case goes without it
  std::string values{};          // which there are, in words
  /// How a scenario's line in reports says it, with {} for the value; empty: not at all.
  std::string_view phrase{};
  std::vector<std::pair<std::string_view, std::string_view>> phrases{};  // words for single values instead
  bool single = false;                                                   // a list of values makes no sense
  std::vector<std::string_view> elsewhere{};  // its names in other tools: who writes one is told this one

  /// What one value in the file does to a case; a word for several values does several things.
  std::function<std::vector<Change>(const Node&)> read{};
  /// Whether a case silently goes without it.
  bool (*skips)(const Case&) = nullptr;
  /// Why a case goes without it, if it is given: empty where it does not.
  std::function<std::string(const Case&)> without{};
  /// The case's value in its parameters; null: nothing to say.
  std::function<nlohmann::ordered_json(const Case&)> show{};
  /// The same in its name, where that is another text; empty: nothing.
  std::function<std::string(const Case&)> in_name{};
};

inline constexpr std::uint32_t million = 1'000'000;

// Keys that are a value of the scenario: these complete what is said of the key.
Key number_key(Key, std::uint32_t Scenario::*member, std::uint32_t min, std::uint32_t max);
Key duration_key(Key, Nanoseconds Scenario::*member);
/// One of a few words; `get` and `set` go by their places.
Key word_key(Key, std::vector<std::string_view> words, std::function<std::size_t(const Case&)> get,
             std::function<void(Case&, std::size_t)> set);
template <class T>
Key word_key(Key key, std::vector<std::string_view> words, T Case::*member) {
  return word_key(
      std::move(key), std::move(words),
      [member](const Case& c) { return static_cast<std::size_t>(c.*member); },
      [member](Case& c, std::size_t i) { c.*member = static_cast<T>(i); });
}
template <class T>
Key word_key(Key key, std::vector<std::string_view> words, T Scenario::*member) {
  return word_key(
      std::move(key), std::move(words),
      [member](const Case& c) { return static_cast<std::size_t>(c.scenario.*member); },
      [member](Case& c, std::size_t i) { c.scenario.*member = static_cast<T>(i); });
}
/// For keys with a `show` of their own: the name says the same, or nothing where that is null.
Key shown_in_name(Key);

/// The default as reports write it, of keys that are not needed.
std::string default_text(const Key&);

}  // namespace fanbench
