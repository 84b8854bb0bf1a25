// Makes cases of a [[scenario]]: the cartesian product of the values that its keys list.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "bench/suite/key.hpp"
#include "bench/suite/values.hpp"

namespace fanbench {

/// What a key was given: what each of its values does to a case, and the line for errors.
struct Given {
  std::vector<Change> values;
  Line line = 0;
};
/// The keys of [defaults] or of one [[scenario]], by name.
using Keys = std::map<std::string_view, Given>;

/// Throws SuiteError.
Keys read_keys(const Source& source, const toml::table& table);

/// The cases of one scenario, with their names. Throws SuiteError.
std::vector<Case> expand(const Source& source, const toml::table& table, const Keys& defaults);

}  // namespace fanbench
