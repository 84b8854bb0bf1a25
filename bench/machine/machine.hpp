// All that the bench knows of the machine, as data: what it is and what it allows.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace fanbench {

/// What --machine prints; see bench/README.md. Takes a quarter of a second: others' load is sampled.
nlohmann::ordered_json describe_machine();

}  // namespace fanbench
