// Completes keys that are a value of the scenario: how it is read and shown.
#include "bench/suite/key.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "bench/suite/values.hpp"

namespace fanbench {

Key shown_in_name(Key key) {
  key.in_name = [show = key.show](const Case& c) {
    const nlohmann::ordered_json value = show(c);
    if (value.is_null()) return std::string();
    return value.is_string() ? value.get<std::string>() : value.dump();
  };
  return key;
}

Key number_key(Key key, std::uint32_t Scenario::*member, std::uint32_t min, std::uint32_t max) {
  key.values = fmt::format("{} … {}", min, max);
  key.read = [=](const Node& node) -> std::vector<Change> {
    return {[member, value = read_number(node, min, max)](Case& c) { c.scenario.*member = value; }};
  };
  key.show = [member](const Case& c) { return nlohmann::ordered_json(c.scenario.*member); };
  return shown_in_name(std::move(key));
}

Key duration_key(Key key, Nanoseconds Scenario::*member) {
  key.values = "a duration";
  key.read = [member](const Node& node) -> std::vector<Change> {
    return {[member, value = read_duration(node)](Case& c) { c.scenario.*member = value; }};
  };
  key.show = [member](const Case& c) { return nlohmann::ordered_json(format_duration(c.scenario.*member)); };
  return shown_in_name(std::move(key));
}

Key word_key(Key key, std::vector<std::string_view> words, std::function<std::size_t(const Case&)> get,
             std::function<void(Case&, std::size_t)> set) {
  key.values = fmt::format("{}", fmt::join(words, ", "));
  key.read = [words, set = std::move(set)](const Node& node) -> std::vector<Change> {
    return {[set, i = read_word(node, words)](Case& c) { set(c, i); }};
  };
  key.show = [words, get = std::move(get)](const Case& c) { return nlohmann::ordered_json(words[get(c)]); };
  return shown_in_name(std::move(key));
}

std::string default_text(const Key& key) {
  std::string_view text = key.otherwise.empty() ? "none" : key.otherwise;
  if (text.starts_with('"')) text = text.substr(1, text.size() - 2);
  return std::string(text);
}

}  // namespace fanbench
