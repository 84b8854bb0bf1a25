// A contestant: a program in any language that takes part as a model. What it has to do: PROTOCOL.md.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "impls/contract/model.hpp"

namespace fanbench::external {

/// What its contestant.toml says.
struct Contestant {
  std::string name, language;
  std::string command, build{};         // of the shell; BUILD in their environment is build_folder()
  std::vector<std::string> packages{};  // of the distribution's
  bool has_workers = false;
  std::filesystem::path folder;  // where both are started, absolute

  std::filesystem::path build_folder() const { return folder / ".build"; }
};

/// For how long answers are waited for, but that to `run`: see Setup::patience.
struct Patience {
  Nanoseconds hello = std::chrono::seconds(30), prepare = std::chrono::minutes(1),
              report = std::chrono::minutes(1);
};

/// Its program, started when the model is made.
ModelEntry entry(const Contestant& contestant, Patience patience = {});

/// Starts it, and ends it again: what it answered to `hello`. Throws NotApplicable where it says that it
/// cannot run here, else std::runtime_error: what was expected, and what came.
nlohmann::ordered_json hello_of(const Contestant& contestant);

}  // namespace fanbench::external
