// Where numbers come from: compiler, flags, library versions and machine, for the context of the results.
#pragma once

#include <map>
#include <string>

namespace fanbench {

std::map<std::string, std::string> provenance();

}  // namespace fanbench
