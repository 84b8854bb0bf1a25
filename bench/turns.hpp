// Takes turns with other benches: a case's process makes itself ready, says so, and makes its runs when it is
// told.
#pragma once

#include <iosfwd>

#include "bench/measure/measurement.hpp"

namespace fanbench {

/// With a measurement that is prepared. Says `{"ready":{"turn_s":S,"iterations":I}}`: a turn is I iterations
/// and takes about S seconds. Then answers each line "turn" with `{"turn":{…}}`, the figures of that turn
/// alone, until its input ends. Each of them is a line of JSON. Throws std::runtime_error where the input
/// says something else or ends before the first turn, and what runs throw.
void take_turns(Measurement& measurement, std::istream& in, std::ostream& out);

}  // namespace fanbench
