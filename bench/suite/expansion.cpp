// Makes cases of a [[scenario]].
#include "bench/suite/expansion.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "bench/specification/specification.hpp"
#include "bench/suite/general_keys.hpp"

namespace fanbench {
namespace {

/// A key that only some workloads have. All read it in the same way; whether they need it is theirs.
struct OwnKey {
  std::string_view name;
  std::vector<std::pair<std::string_view, const Key*>> of;  // workloads, each with the key as it has it

  const Key& any() const { return *of.front().second; }
  bool is_of(std::string_view workload) const {
    return std::ranges::any_of(of, [workload](const auto& its) { return its.first == workload; });
  }
};

const std::vector<OwnKey>& own_keys() {
  static const std::vector<OwnKey> all = [] {
    std::vector<OwnKey> keys;
    for (const Specification& specification : specifications()) {
      for (const Key& key : specification.keys) {
        auto known = std::ranges::find(keys, key.name, &OwnKey::name);
        if (known == keys.end()) known = keys.insert(keys.end(), {key.name, {}});
        known->of.emplace_back(specification.workload, &key);
      }
    }
    return keys;
  }();
  return all;
}

std::string joined(const auto& texts, std::string_view between) {
  return fmt::format("{}", fmt::join(texts, between));
}

/// What is said where a workload is given a key that it does not have. Another may have it, and all that this
/// one has.
std::string misplaced(const OwnKey& own, std::string_view workload) {
  std::vector<std::string_view> workloads, instead, together;
  for (const Key& key : specification_of(workload).keys) together.push_back(key.name);
  together.push_back(own.name);
  for (const auto& its : own.of) {
    workloads.push_back(its.first);
    const auto has = [&](std::string_view name) {
      return std::ranges::find(own_keys(), name, &OwnKey::name)->is_of(its.first);
    };
    if (together.size() > 1 && std::ranges::all_of(together, has)) instead.push_back(its.first);
  }
  const std::string hint =
      instead.empty() ? ""
                      : fmt::format("; see {} for {}", joined(instead, ", "), joined(together, " with "));
  return fmt::format("expected only for {}, got it for {}{}", joined(workloads, ", "), workload, hint);
}

Given read_given(const Node& node, const Key& key) {
  Given given{.values = {}, .line = node.line()};
  const auto* list = key.single ? nullptr : node.value.as_array();
  if (!list) {
    given.values = key.read(node);
    return given;
  }
  if (list->empty()) node.expected("at least one value");
  for (const toml::node& element : *list)
    std::ranges::move(key.read(node.of(key.name, element)), std::back_inserter(given.values));
  return given;
}

Given read_default(const Source& source, const Key& key) {
  if (key.otherwise.empty()) return {};
  const toml::table table = toml::parse(fmt::format("value = {}", key.otherwise));
  return read_given({source, key.name, *table.get("value")}, key);
}

/// Whether the workloads that the table names have the key. It may name none, as [defaults] do.
bool may_have(const toml::table& table, const OwnKey& own) {
  const auto names_another = [&own](const toml::node& node) {
    const auto* name = node.as_string();
    return name && !own.is_of(name->get());
  };
  const toml::node* workload = table.get("workload");
  if (!workload) return true;
  if (const auto* list = workload->as_array()) return std::ranges::none_of(*list, names_another);
  return !names_another(*workload);
}

/// Makes the cases of one scenario.
class Expansion {
 public:
  Expansion(const Source& source, const toml::table& table, const Keys& defaults)
      : source_(source), line_(line_of(table)), own_(read_keys(source, table)), defaults_(defaults) {}

  /// Each case that the key applies to becomes one case per value: the scenario's, else those of [defaults],
  /// else the key's default.
  template <class Applies>
  void spread(const Key& key, const Applies& applies) {
    const auto first = std::ranges::find_if(cases_, applies);
    if (first == cases_.end()) return;
    const Given given = given_for(key);
    if (given.values.empty()) {
      if (key.needed.empty()) return;
      const std::string who = first->workload.empty() ? "" : fmt::format(", which {} needs", first->workload);
      source_.fail(line_, key.name, fmt::format("expected {}{}, got nothing", key.needed, who));
    }
    std::vector<Case> spread_cases;
    for (const Case& c : cases_) {
      if (!applies(c)) {
        spread_cases.push_back(c);
        continue;
      }
      for (const Change& change : given.values) change(spread_cases.emplace_back(c));
      if (spread_cases.size() > max_cases)
        source_.fail(line_, "scenario", fmt::format("expected at most {} cases, got more", max_cases));
    }
    cases_ = std::move(spread_cases);
  }

  void spread(const Key& key) {
    if (key.without && own_.contains(key.name)) {
      for (const Case& c : cases_) {
        if (const std::string why = key.without(c); !why.empty())
          source_.fail(own_.at(key.name).line, key.name, why);
      }
    }
    spread(key, [&key](const Case& c) {
      return (!key.skips || !key.skips(c)) && (!key.without || key.without(c).empty());
    });
  }

  /// A key that only some workloads have must not be given in a scenario of another. In [defaults] it may:
  /// there it is for those that have it.
  void spread(const OwnKey& own) {
    const auto other = std::ranges::find_if(cases_, [&own](const Case& c) { return !own.is_of(c.workload); });
    if (own_.contains(own.name) && other != cases_.end())
      source_.fail(own_.at(own.name).line, own.name, misplaced(own, other->workload));
    for (const auto& its : own.of)
      spread(*its.second, [&its](const Case& c) { return c.workload == its.first; });
  }

  /// Leaves out what is not there.
  void keep_supported() {
    const auto all_of = [this](auto member) {
      std::vector<std::string> names;
      for (const Case& c : cases_)
        if (std::ranges::find(names, c.*member) == names.end()) names.push_back(c.*member);
      return fmt::format("{}", fmt::join(names, ", "));
    };
    const std::string message =
        fmt::format("expected a model that has {} over {}, got only {}", all_of(&Case::workload),
                    all_of(&Case::transport), all_of(&Case::model));
    std::erase_if(cases_, [](const Case& c) { return !model_of(c.model).supports(c.workload, c.transport); });
    if (cases_.empty()) source_.fail(line_, "models", message);
  }

  void settle() {
    for (Case& c : cases_) {
      const Specification& specification = specification_of(c.workload);
      c.scenario.watchdog |= specification.watchdog;
      if (specification.settle) specification.settle(c);
      if (c.scenario.calls % c.plan.chain != 0) {
        source_.fail(line_, "calls",
                     fmt::format("expected a multiple of {} for {}, which has so many calls in a row, got {}",
                                 c.plan.chain, c.workload, c.scenario.calls));
      }
      c.name = case_name(c);
    }
  }

  std::vector<Case> cases() && { return std::move(cases_); }

 private:
  Given given_for(const Key& key) const {
    for (const Keys* keys : {&own_, &defaults_})
      if (const auto given = keys->find(key.name); given != keys->end()) return given->second;
    return read_default(source_, key);
  }

  const Source& source_;
  Line line_;
  Keys own_;
  const Keys& defaults_;
  std::vector<Case> cases_ = {Case{}};
};

}  // namespace

Keys read_keys(const Source& source, const toml::table& table) {
  std::vector<const Key*> known;
  for (const Key& key : leading_keys()) known.push_back(&key);
  for (const Key& key : closing_keys()) known.push_back(&key);
  Synonyms synonyms;
  const auto add_synonyms = [&synonyms](const Key& key) {
    for (const std::string_view name : key.elsewhere) synonyms.emplace_back(name, key.name);
  };
  for (const Key* key : known) add_synonyms(*key);
  for (const OwnKey& own : own_keys()) {
    known.push_back(&own.any());
    if (may_have(table, own)) add_synonyms(own.any());
  }
  std::vector<std::string_view> names;
  for (const Key* key : known) names.push_back(key->name);
  refuse_unknown(source, table, "", names, synonyms);

  Keys keys;
  for (const Key* key : known) {
    if (const auto* value = table.get(key->name))
      keys[key->name] = read_given({source, key->name, *value}, *key);
  }
  return keys;
}

std::vector<Case> expand(const Source& source, const toml::table& table, const Keys& defaults) {
  Expansion expansion(source, table, defaults);
  for (const Key& key : leading_keys()) expansion.spread(key);
  for (const OwnKey& own : own_keys()) expansion.spread(own);
  for (const Key& key : closing_keys()) expansion.spread(key);
  expansion.keep_supported();
  expansion.settle();
  return std::move(expansion).cases();
}

}  // namespace fanbench
