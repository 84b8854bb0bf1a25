// What the bench knows of itself, for who reads its results.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace fanbench {

/// What --catalogue prints: {"workloads": [{"name", "short", "sentence", "keys"}], "keys" (of all workloads),
/// "models", "transports", "figures"}, each in the order in which reports show them.
nlohmann::ordered_json catalogue();

}  // namespace fanbench
