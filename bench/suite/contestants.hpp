// Contestants as suites name them: those of impls/external by their names, others by their folders.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "bench/suite/values.hpp"
#include "impls/external/contestant.hpp"

namespace fanbench {

/// The file in a contestant's folder that makes it one.
inline constexpr const char* contestant_file = "contestant.toml";

/// Whether a suite's text is the path of a contestant's folder: one that begins with ./, ../ or /.
bool is_path(std::string_view text);

/// Names of those that come with us, in the order of the alphabet.
std::vector<std::string> shipped_contestants();

/// Reads the folder's file. Throws SuiteError: place, key, what was expected, what came.
external::Contestant read_contestant(const std::filesystem::path& folder);

/// The contestant that the node of a suite names or whose folder it gives. From then on model_of() knows it
/// by its name, of which there is one in a program: the returned text is kept. Throws SuiteError.
std::string_view learn_contestant(const Node& node);

/// The one of this name that was learnt; null where there is none.
const external::Contestant* contestant_of(std::string_view name);
/// Its model; null where there is none.
const ModelEntry* contestant_model(std::string_view name);

/// {"name", "language", "folder", "command", "build", "build_folder", "packages", "has_workers"}.
nlohmann::ordered_json to_json(const external::Contestant& contestant);

}  // namespace fanbench
