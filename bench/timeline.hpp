// The times of one run's calls, for the picture that reports make of them.
#pragma once

#include <nlohmann/json.hpp>

#include "bench/measure/measurement.hpp"

namespace fanbench {

/// Of the last run: {"name", "ideal_s", "makespan_s", "efficiency", "moments": [{"what", "at_us"}],
/// "calls": [{"id", "intended_us", "started_us", "finished_us", "verdict", "attempts"}]}. Times are since the
/// run began. A call of more than one attempt also has "made": [{"started_us", "finished_us", "verdict"}], as
/// far as they are recorded; one whose reply was a stream has "events_us", when each event came.
nlohmann::ordered_json timeline_of(const Case&, const Measurement&);

}  // namespace fanbench
