// Figures that cannot be: what no run, however it went, can bring about.
#pragma once

#include <map>
#include <string>

#include "bench/specification/specification.hpp"

namespace fanbench {

/// The first impossible figure of a row (names as in bench/README.md), or nothing: one that is negative or
/// not a number, a quantile above a greater one, a quantile or mean above the maximum, a latency from the
/// actual start above that from the intended one, parts of the overhead that do not add up to it; but
/// overhead and its parts may be negative. Figures that are absent are not missed.
Mistake find_impossible(const std::map<std::string, double>& row);

}  // namespace fanbench
